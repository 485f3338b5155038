"""The table of classifiers: one row each, its status with the download in it, and the rest on demand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

import streamlit as st

from core.classifiers.bundled import model_card
from core.classifiers.fetch.download import STALL_SECONDS
from core.classifiers.registry import PAPERS_CLIP, classifier_state, list_classifiers
from core.classifiers.spec import ClassifierSpec, ClassifierState
from ui.maps.catalogue import Entry, dataset_title
from ui.models.preparation import preparation
from ui.models.weight_downloads import WeightDownload, weight_downloads
from ui.shared import url
from ui.shared.text import as_markdown, one_line

ASKED = "models.asked"  # this visitor's downloads, by classifier: a failure is theirs to see, and nobody else's


@dataclass(frozen=True)
class Role:
    """What a classifier is to the paper. short: for its row. more: for its details, Markdown."""

    short: str
    more: str = ""


ROLES = {
    "clip-vit-b-32": Role("The paper’s CLIP", "What the paper says about CLIP it says about this one."),
    "resnet-50": Role("The paper’s comparison on ImageNet100"),
    "resnet-56": Role("The paper’s comparison on CIFAR-10"),
    "clip-vit-b-32-robust": Role(
        "A robust full-size CLIP; not in the paper",
        "Made robust by adversarial fine-tuning. It descends from LAION’s CLIP, "
        "`open_clip:ViT-B-32/laion2b_s34b_b79k`, not from OpenAI’s.",
    ),
    "efficientnet-lite0": Role(
        "Full-size CNN for photographs, installed with the app",
        "Photographs can be classified without any download. Not in the paper.",
    ),
    "mini-clip": Role(
        "Small CLIP trained for this project; not the paper’s",
        "Trained on CIFAR-10 pictures and captions, so that everything runs at once anywhere.",
    ),
    "mini-clip-robust": Role(
        "Mini CLIP after adversarial fine-tuning",
        "Its image tower was fine-tuned against L2 attacks of size 0.5: a robust CLIP in miniature.",
    ),
    "mini-clip-vit": Role(
        "Small plain ViT: it cuts pictures into patches",
        "A plain vision transformer, trained to test whether patches spare a network the waves that repeat in each.",
    ),
    "mini-resnet": Role("Small CNN trained for this project", "Trained on CIFAR-10 in the ordinary way."),
    "mini-resnet-robust": Role(
        "Mini ResNet after adversarial training",
        "Trained against L2 attacks of size 0.5: a robust model in miniature.",
    ),
}

# Of the columns, in pixels; the role takes what is left.
_WIDTHS = {"Classifier": 270, "Status": 200, "Map": 120, "Details": 110}


def classifier_table(maps: dict[str, Entry]) -> None:
    """Draw it. `maps`: the heat maps there are, by label."""
    with st.container(key="models-table"):
        with st.container(horizontal=True, key="models-headings"):
            for heading in ("Classifier", "Role", "Status", "Map", "Details"):
                st.markdown(f"**{heading}**", width=_WIDTHS.get(heading, "stretch"))
        for spec in list_classifiers():
            with st.container(horizontal=True, vertical_alignment="center", key=f"models-row-{spec.name}"):
                _row(spec, classifier_state(spec.name), weight_downloads().get(spec.name), maps)
            _failure(spec)


def linked_card() -> None:
    """The card of the classifier that the URL names, open."""
    for spec in list_classifiers():
        if spec.name == url.text(url.CARD):
            with st.expander(as_markdown(one_line(spec.title)), expanded=True):
                _details(spec, classifier_state(spec.name), _role(spec))


def _role(spec: ClassifierSpec) -> Role:
    return ROLES.get(spec.name, Role("Added on this server; not in the paper"))


def _row(spec: ClassifierSpec, state: ClassifierState, download: WeightDownload | None, maps: dict[str, Entry]) -> None:
    running = download if download is not None and download.status == "running" else None
    role = _role(spec)
    st.markdown(f"**{as_markdown(one_line(spec.title))}**", width=_WIDTHS["Classifier"])
    st.markdown(role.short, width="stretch")
    with st.container(width=_WIDTHS["Status"]):
        if running:
            st.progress(running.fraction or 0.0, text=_progress_text(running))
        elif state.status == "downloadable":
            _download_button(spec, state)
        elif state.status == "ready":
            st.markdown(f":green-badge[:material/check_circle: ready] {_size(spec)}")
        else:
            st.markdown(":gray-badge[:material/block: unavailable]")
    st.markdown(_maps(spec, maps), width=_WIDTHS["Map"])
    with (
        st.container(width=_WIDTHS["Details"]),
        st.popover("Details", help=f"Licence, source and model card of {spec.title}"),
    ):
        _details(spec, state, role)


def _download_button(spec: ClassifierSpec, state: ClassifierState) -> None:
    """A button that says how much it fetches, and starts the download for this visitor."""
    st.button(
        f"Download ({format_size(state.download_bytes)})",
        key=f"models.download.{spec.name}",
        type="primary" if spec.name == PAPERS_CLIP else "secondary",
        help=f"{spec.title}. {state.detail} It is kept on the machine that runs this app, for everybody.",
        on_click=_ask,
        args=(spec,),
    )


def _ask(spec: ClassifierSpec) -> None:
    st.session_state.setdefault(ASKED, {})[spec.name] = weight_downloads().start(spec, then=preparation().begin)


def _failure(spec: ClassifierSpec) -> None:
    """Why the download that this visitor asked for failed, if it did and none is running again."""
    last = weight_downloads().get(spec.name)
    if last is not None and last.status == "failed" and last is st.session_state.get(ASKED, {}).get(spec.name):
        st.error(last.error, icon=":material/error:")


def _size(spec: ClassifierSpec) -> str:
    """Of the weight file on this machine, else of the download."""
    path = spec.weights.locate()
    return format_size(path.stat().st_size if path is not None else spec.download_bytes or None)


def _maps(spec: ClassifierSpec, maps: dict[str, Entry]) -> str:
    """Links that show this classifier's maps, of each data set the first, which has most images."""
    links: dict[str, str] = {}
    for label, entry in maps.items():
        if entry.shipped and entry.heatmap.metadata["classifier"]["name"] == spec.name:
            data = dataset_title(entry.heatmap.metadata["dataset"]["name"]).split(",")[0]
            links.setdefault(data, f"[{data}](frequency?maps={quote(label)})")
    return ", ".join(links.values()) or "none"


def _details(spec: ClassifierSpec, state: ClassifierState, role: Role) -> None:
    side = f"{spec.image_size} px" if spec.image_size else "size as configured"
    source = f"[source]({spec.source})" if spec.source.startswith("http") else spec.source
    st.markdown(f"**{spec.title}**, `{spec.name}`: {role.short}. {role.more}")
    st.markdown(f"{spec.kind} · {side} · licence {spec.licence} · {source}  \nWeights: {spec.weights_id}")
    if state.detail:
        st.markdown(state.detail)
    if spec.weights.origin:
        st.markdown(spec.weights.pinned())
    if card := model_card(spec.name):
        card = re.sub(r"(?<=\d)%", " %", card)
        st.markdown(re.sub(r"^#+ *(.*)$", r"**\1**", card, flags=re.MULTILINE))  # no headings among the page's


def _progress_text(download: WeightDownload) -> str:
    total, silent = format_size(download.total), download.silent_seconds
    if silent >= STALL_SECONDS:
        return f"{format_size(download.received or 0)} of {total}, nothing for {silent:.0f} s: it is asked for again"
    if download.received is None:
        return f"Fetching {total}, {download.seconds:.0f} s so far"
    return f"{format_size(download.received)} of {total}"


def format_size(count: int | None) -> str:
    """605143284 -> '605 MB', 3471733 -> '3.5 MB'; None -> 'size unknown'."""
    if count is None:
        return "size unknown"
    megabytes = count / 1e6
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"
