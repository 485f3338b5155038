"""Images for *Compute a map*: bundled samples, a visitor's archive, or the chosen picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.classifiers.registry import ClassifierSpec
from core.classifiers.text import MAX_CLASSES
from core.data.classes import CLASS_SETS, ClassSet
from core.data.dataset import ImageDataset
from core.data.datasets import uploaded_dataset
from core.data.sample_sets import SAMPLE_SETS, sides
from ui.server.limits import check_upload, limits
from ui.server.model_cache import ready_classifiers, ready_clips
from ui.shared.pictures import Picture, samples
from ui.shared.text import as_markdown

ARCHIVE, READ = "sweep.archive", "sweep.read_archive"


@dataclass(frozen=True, eq=False)
class SweepImages:
    """Images to sweep over. classes: name of a class set, or the archive's own classes.

    script: their name for `--dataset` of the script; None for one picture.
    """

    dataset: ImageDataset
    classes: str | ClassSet
    script: str | None

    def classifiers(self) -> list[ClassifierSpec]:
        """Return the ready classifiers that know the classes; any CLIP knows custom classes."""
        if isinstance(self.classes, ClassSet):
            return ready_clips()
        return ready_classifiers(self.classes)


def image_kinds() -> dict[str, str]:
    """Return the kinds of images to sweep over, with their titles: every sample set, an archive, or a picture."""
    titles = {row.name: row.maps.get(row.dataset, row.title) for row in SAMPLE_SETS.values()}
    bundled = {name: f"{title[0].upper()}{title[1:]}" for name, title in titles.items()}
    return {**bundled, "archive": "An archive of yours", "picture": "The picture chosen above"}


def chosen_images(kind: str, picture: Picture | None) -> SweepImages | str:
    """Return the images, or a sentence that says what is missing."""
    if kind == "archive":
        return _uploaded()
    if kind != "picture":
        data = samples(kind)
        return SweepImages(data, SAMPLE_SETS[kind].class_set, data.name)
    if picture is None or picture.label is None:
        return "Choose a picture above to compute its map; your own picture also needs its true class."
    pixels, labels = picture.pixels[None], np.array([picture.label])
    dataset = ImageDataset("one picture", "test", pixels, labels, picture.classes, picture.caption)
    return SweepImages(dataset, picture.class_set, None)


def _uploaded() -> SweepImages | str:
    most, pixels = limits().archive_mb, " or ".join(map(str, sides()))
    file = st.file_uploader(
        f"Archive (`.npz` of `images` (N, H, H, 3) uint8 with H of {pixels}, `labels`, `classes`; up to {most} MB; "
        "this server keeps it only during your visit)",
        type="npz",
        key=ARCHIVE,
        max_upload_size=most,
    )
    if file is None:
        return "Choose a file above or other images."
    known: tuple[str, SweepImages | str] | None = st.session_state.get(READ)
    if known is None or known[0] != file.file_id:
        known = st.session_state[READ] = (file.file_id, read_upload(file.getvalue(), file.name))
    return known[1]


def read_upload(data: bytes, name: str) -> SweepImages | str:
    """Return the images of an uploaded archive, or a one-sentence error that is safe as Markdown."""
    allowed = limits()
    try:
        check_upload(data, allowed.archive_mb)
        most_bytes = allowed.archive_images * 3 * max(sides()) ** 2
        dataset = uploaded_dataset(data, name, sizes=sides(), limit=most_bytes)
    except ValueError as error:
        return as_markdown(str(error))
    classes = dataset.classes
    if len(dataset) > (most := allowed.archive_images):
        return f"The archive has {len(dataset):,} images; this server takes at most {most:,}. Use the script for more."
    if classes.name in CLASS_SETS:
        return SweepImages(dataset, classes.name, name)
    if not 2 <= len(classes) <= MAX_CLASSES:
        return (
            f"The archive has {len(classes):,} classes; this server takes 2 to {MAX_CLASSES}. Use the script for more."
        )
    return SweepImages(dataset, ClassSet("custom", classes.names), name)
