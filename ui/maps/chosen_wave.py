"""The selected wave: its numbers in each map, the claim about such waves, and the picture under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import streamlit as st

from core.claims.claim_table import findings
from core.claims.finding import Claim, Finding
from core.claims.wave_claims import claim_about
from core.data.picture_files import png_bytes, to_uint8
from core.data.sample_sets import SAMPLE_SETS, usual_epsilon
from core.data.stored import cached_by_files
from core.fourier.contrasts import Band
from core.fourier.outcomes import errors_under
from core.fourier.waves import all_random_signs, rounded_radius, wave_values
from core.shared.numbers import Frequency, percent
from core.shared.text import TERMS, bdi
from core.sweep.answers import SIGNS_SEED
from core.sweep.predict import wave_on_image
from ui.components.maps.maps import PictureUnderWave
from ui.components.pictures.picture_widgets import Thumbnails
from ui.maps.catalogue import Entry, doubt_about, shipped_maps
from ui.shared import url
from ui.shared.downloads import download_button
from ui.shared.page import explain_on_page
from ui.shared.page_pictures import Picture, samples
from ui.shared.url import link
from ui.shared.verdicts import said_html

CLAIM = "claim"  # in the URL: key of the claim that was linked


@cached_by_files("hybrids", "corruptions", entries=16)
def findings_between(subject: Entry, reference: Entry, *all_maps: Entry) -> tuple[Finding, ...]:
    """Return findings on every claim, with the subject in CLIP’s place and the reference in the ResNet’s."""
    judged = findings(subject.named, reference.named, tuple(entry.named for entry in all_maps))
    return tuple(_with_notes(finding, subject, reference, *all_maps) for finding in judged)


def _with_notes(finding: Finding, *entries: Entry) -> Finding:
    """Return a finding with the notes of the shipped maps that it rests on."""
    shipped = {entry.label: entry for entry in entries if entry.shipped}
    rests_on = [shipped[label] for label in finding.maps if label in shipped]
    notes = ((entry.name, doubt_about(entry)) for entry in rests_on)
    return replace(finding, notes=tuple((name, note) for name, note in notes if note))


@cached_by_files("hybrids", "corruptions", entries=64)
def finding_of_claim(subject: Entry, reference: Entry, claim: Claim) -> Finding:
    """Return the finding on one claim about these two maps."""
    (finding,) = findings(subject.named, reference.named, (), claim)
    return finding


def verdict_html(finding: Finding, band: Band | None, frequency: Frequency) -> str:
    """Return a claim and its verdict as HTML; for a claim about a band, say if this wave lies in it."""
    where = ""
    if band is not None:
        own = "; this wave is one of them" if band.contains(rounded_radius([frequency])[0]) else ""
        where = f"It is about the {band.name}, {band.position} the dashed circle{own}."
    return explain_on_page(said_html(finding, where), "verdict", *TERMS)


def wave_html(chosen: Sequence[Entry], frequency: Frequency) -> str:
    """Return how often this wave fools the networks of the first two maps, as HTML; empty if a map lacks the wave."""
    heatmaps = [entry.heatmap for entry in chosen[:2]]
    if max(map(abs, frequency)) > min(heatmap.size for heatmap in heatmaps) // 2:
        return ""
    errors, said = [errors_under(heatmap, [frequency]) for heatmap in heatmaps], list[str]()
    for entry, heatmap, error in zip(chosen, heatmaps, errors, strict=False):
        rate, about = error.measured.value.item(), ""
        if heatmap.estimate is not None:
            rate, about = wave_values(heatmap.estimate[0], [frequency]).item(), "about "
        if np.isnan(rate):
            return ""
        share = f"on {about}<b>{percent(rate)}</b>"
        said.append(f"{bdi(entry.name)} {share}" if said else f"{bdi(entry.name)} is wrong {share} of pictures")
    chance = ""
    if len(errors) == 2 and all(heatmap.estimate is None for heatmap in heatmaps):
        clear = errors[0].minus(errors[1]).measured.item().clear
        chance = "" if clear else "; this difference may be chance"
    return f'<p class="wave">Under this wave, {", ".join(said)}{chance}.</p>'


def doubts_html(chosen: Sequence[Entry]) -> str:
    """Return what we doubt about the shipped ones of these maps, folded, as HTML; empty for nothing."""
    notes = {entry.name: doubt_about(entry) for entry in chosen if doubt_about(entry)}
    text = " ".join(f"{bdi(name)}: {bdi(note)}" for name, note in notes.items())
    return text and f'<details class="notes"><summary>What we’re not sure of</summary>{text}</details>'


def claim_on(chosen: Sequence[Entry], frequency: Frequency, linked: str = "") -> tuple[Finding, Band | None] | None:
    """Return the finding on the claim about such waves, for the first two maps, and the band of these waves.

    linked: key of the claim that the visitor's link names; it comes first at its maps and wave, or at its tool.
    """
    about = claim_about(frequency, *(entry.heatmap for entry in chosen[:2])) if len(chosen) > 1 else None
    if linked and not (about and about[0].key == linked):
        seen = tuple(entry.label for entry in chosen), frequency
        for finding in findings_between(chosen[0], chosen[-1], *chosen):
            here = (
                (finding.maps, finding.wave) == seen if finding.maps else finding.claim.display.tool == url.text("tab")
            )
            if finding.claim.key == linked and here:
                return finding, None
    return about and (finding_of_claim(chosen[0], chosen[1], about[0]), about[1])


def link_of(finding: Finding) -> str:
    """Return the URL of *Frequencies* that shows a finding, with pictures like those of the first map if known."""
    entry = shipped_maps().get(finding.maps[0])
    row = None if entry is None else entry.sample_set
    pictures = [("pictures", row.title)] if row not in (None, next(iter(SAMPLE_SETS.values()))) else []
    maps = (("maps", label) for label in finding.maps)
    display = finding.claim.display
    tool = [("tab", display.tool)] if display.tool else []
    wave = ("cell", "{},{}".format(*finding.wave)), (CLAIM, finding.claim.key)
    return link("frequency", *maps, ("show", display.show), *wave, *tool, *pictures)


@dataclass(frozen=True)
class PerturbedPicture:
    """Subject of the predictions: a picture, a wave (i, j), and its size v per channel."""

    picture: Picture
    frequency: Frequency
    epsilon: float

    @property
    def possible(self) -> bool:
        """Return True if the picture has enough pixels for the wave."""
        return max(map(abs, self.frequency)) <= self.picture.size // 2


def under_wave(picture: Picture, map_size: int, strip: Thumbnails, selected: int) -> PictureUnderWave:
    """Return the picture for the component, with the signs of every wave of maps of this size that it can carry.

    strip: the pictures to choose from; this is the `selected` one.
    """
    map_size = min(map_size, 2 * (picture.size // 2) + 1)
    signs = _signs(map_size, len(samples(picture.sample_set)))[:, :, picture.position]
    epsilon, usual = strength(picture.size), usual_epsilon(picture.size)
    return PictureUnderWave(picture.pixels, picture.caption, epsilon, usual, signs, strip, selected)


# For all pictures of a set in one call: that takes no longer than for one.
@lru_cache(8)
def _signs(map_size: int, count: int) -> np.ndarray:
    return all_random_signs(map_size, count, seed=SIGNS_SEED)


def strength(size: int) -> float:
    """Return the size v of the wave on pictures of that size: from this visit, else the URL, else the paper's."""
    key, usual = f"v{size}", usual_epsilon(size)
    return url.session_value(key, key, url.real(0, 4 * usual), usual, "{:g}".format)


def set_strength(size: int, epsilon: float) -> None:
    """Set the size v for this visit; the URL omits the paper's."""
    st.session_state[f"v{size}"] = epsilon
    if epsilon == usual_epsilon(size):
        url.put(f"v{size}", None)


def download_picture(perturbed: PerturbedPicture) -> None:
    """Draw a download of the picture with the wave."""
    image = wave_on_image(
        perturbed.picture.image,
        perturbed.frequency,
        perturbed.epsilon,
        seed=SIGNS_SEED,
        position=perturbed.picture.position,
    )
    i, j = perturbed.frequency
    download_button(
        "Picture with the wave (PNG)",
        lambda: png_bytes(to_uint8(image)),
        f"wave_{i}_{j}_v{perturbed.epsilon:g}.png",
        key="cell.picture",
        icon=":material/download:",
    )
