"""Page *Frequencies*: a cell of Fourier heat maps, its wave, a picture under it, and what networks say of that."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.claims.finding import MINIATURE, Finding
from core.classifiers.registry import PAPERS_CLIP
from core.data.sample_sets import SAMPLE_SETS
from core.fourier.contrasts import Band, mismatches
from core.fourier.heatmap import MAX_SIZE, METRICS, TOP1
from core.shared.numbers import Frequency, join_list
from core.shared.text import TERMS
from ui.components.maps.maps import draw_maps, wave_lab
from ui.maps.answers import LARGE, draw_answers
from ui.maps.catalogue import (
    FIRST_PRESET,
    PHOTOGRAPHS,
    PRESETS,
    Entry,
    Predictor,
    choose_predictors,
    entries,
    map_note,
)
from ui.maps.chosen_wave import (
    CLAIM,
    PerturbedPicture,
    claim_on,
    doubts_html,
    set_strength,
    strength,
    under_wave,
    verdict_html,
    wave_html,
)
from ui.maps.map_options import offered_metrics, offered_shows, shown_maps
from ui.maps.predictions import PageState
from ui.maps.rings import ring_charts
from ui.server.cache import NONE_READY, ready_classifiers
from ui.shared import url
from ui.shared.page import explain_on_page, scroll_to
from ui.shared.page_pictures import (
    FREQUENCIES,
    UPLOAD,
    Picture,
    chosen_picture,
    draw_upload,
    forget_picture,
    frame_own_photo,
    open_upload,
    own_photo,
    picture_kinds,
    picture_strip,
    take_picture,
    use_own_picture,
)
from ui.shared.url import as_markdown, one_line, settable
from ui.shared.verdicts import STYLE
from ui.tools.details import draw_details
from ui.tools.hybrid_tool import forget_cutoff
from ui.tools.tool_table import (
    draw_cards,
    draw_own,
    forget_tool,
    open_linked_tool,
    open_own,
    own_is_open,
    tool_is_open,
)

# Keys of this page in the session. The first three are also in the URL, as are `cell` and `DETAILS`.
_MAPS, METRIC, SHOW = "maps", "metric", "show"
CELL = "frequency.cell"
PRESET, DETAILS = "frequency.preset", "details"
_WELCOMED = "frequency.photo"  # the visitor's last own photo
_RETURNS = "frequency.returns"  # how often the browser's Back led here

OWN = "Yours"  # next to the presets
MAX_FREQUENCY = MAX_SIZE // 2
MAX_MAPS = 4
FIRST_SET = picture_kinds()[FIRST_PRESET.pictures]


@dataclass(frozen=True)
class _Layout:
    """Places on the page, in the order of the screen; a style puts the bar above the stage."""

    stage: DeltaGenerator
    bar: DeltaGenerator
    own: DeltaGenerator
    verdict: DeltaGenerator
    tools: DeltaGenerator
    settings: DeltaGenerator
    details: Any  # an expander that reruns: `open` says if it is


@dataclass(frozen=True)
class _Shown:
    """State of the page: maps, a wave, the picture under it, and who answers.

    perturbed: None without a picture. about: the claim about such waves, and their band; None for none.
    """

    chosen: list[Entry]
    frequency: Frequency
    picture: Picture | None
    perturbed: PerturbedPicture | None
    predictors: list[Predictor]
    about: tuple[Finding, Band | None] | None

    @property
    def is_first(self) -> bool:
        """True for the picture that the page opens with."""
        at = None if self.picture is None or self.picture.own else (self.picture.sample_set, self.picture.position)
        return at == (FIRST_SET, SAMPLE_SETS[FIRST_SET].first)


def page() -> None:
    """Draw the page: reserve the place of every part, then fill the cheapest parts first."""
    _restore()
    _welcome_photo()
    layout = _reserve()
    shown = _read(layout)
    draw_upload(FREQUENCIES, about=_where_photos_go())
    if shown is None:
        layout.stage.info("Choose at least one map in the expert settings.")
        return
    _fill_maps(layout, shown)
    _fill_verdict(layout, shown)
    possible = _fill_answers(layout, shown)
    _fill_tools(layout, shown, possible)
    if returns := st.session_state.get(_RETURNS):
        scroll_to("h1", returns)  # from a tool, which was below the maps


def _reserve() -> _Layout:
    """Draw the title and reserve the places below it."""
    st.title("Touch a wave and see which network it fools", anchor=False)
    with st.container(key="frequency-top"):
        stage = st.container(key="frequency-stage")  # first: for the keyboard its first map comes before the bar
        bar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="frequency-bar")
        own = st.container(key="frequency-own-tools")
        verdict = st.container(key="frequency-verdict")
    tools = st.container()
    settings = st.expander("Expert settings", key="frequency-settings")
    details = st.expander("Details", key=DETAILS, on_change="rerun", bind="query-params")
    return _Layout(stage, bar, own, verdict, tools, settings, details)


def _read(layout: _Layout) -> _Shown | None:
    """Draw the settings and the presets; return what they choose to show, None without a map."""
    with layout.settings:
        chosen = _settings(entries())
    picture = chosen_picture(FREQUENCIES, FIRST_PRESET.pictures)
    open_linked_tool()
    with layout.bar:
        _presets(picture)
    if not chosen:
        return None
    frequency, predictors, perturbed = st.session_state[CELL], list[Predictor](), None
    if picture is not None:
        perturbed = PerturbedPicture(picture, frequency, strength(picture.size))
        predictors = choose_predictors(chosen, ready_classifiers(picture.class_set), picture.class_set)
    is_top1 = METRICS[st.session_state[METRIC]].top in (None, 1)
    about = claim_on(chosen, frequency, url.text(CLAIM)) if is_top1 else None
    return _Shown(chosen, frequency, picture, perturbed, predictors, about)


def _fill_maps(layout: _Layout, shown: _Shown) -> None:
    """Draw what a cell is, the maps, and the picture under the wave."""
    with layout.bar, st.container():
        _introduce(shown.chosen, shown.picture, shown.predictors)
    notes = {entry.label: map_note(entry, shown.predictors) for entry in shown.chosen} if shown.perturbed else {}
    band = shown.about[1] if shown.about else None
    with layout.stage, st.container(key="frequency-lab"):
        _maps(shown.chosen, shown.frequency, shown.perturbed, notes, band)
        with st.container(key="frequency-frame"):
            frame_own_photo(FREQUENCIES)


def _fill_verdict(layout: _Layout, shown: _Shown) -> None:
    """Draw the wave’s errors, the claim about such waves and errors by ring; after the maps, which it would move."""
    judged = verdict_html(*shown.about, shown.frequency) if shown.about else ""
    wave = wave_html(shown.chosen, shown.frequency) if shown.about else ""
    bands = shown.about[0].claim.display.bands or () if shown.about else ()
    rings, apart = ring_charts(tuple(shown.chosen[:2]), bands)
    layout.verdict.html(
        f'{STYLE}{wave}<div class="claim">{judged or html.escape(apart)}</div>'
        f'<div class="beside">{rings}{doubts_html(shown.chosen)}</div>'
    )


def _fill_answers(layout: _Layout, shown: _Shown) -> bool:
    """Draw what networks say of the picture; return whether they can be asked for more."""
    with layout.stage, st.container(key="frequency-answers"):
        return _answers(shown.chosen, shown.predictors, shown.perturbed, layout.details.open or tool_is_open())


def _fill_tools(layout: _Layout, shown: _Shown, possible: bool) -> None:
    """Draw the visitor's own tools, the other tools and the details; possible: whether networks can be asked."""
    used = shown.predictors if possible else []
    perturbed = shown.perturbed if used else None
    state = PageState(
        shown.chosen, shown.frequency, shown.picture, perturbed, used, _add_map, _show_photo, shown.is_first
    )
    with layout.own:
        draw_own(state)
    with layout.tools:
        draw_cards(state)
    if layout.details.open:
        with layout.details:
            draw_details(state)


def _introduce(chosen: Sequence[Entry], picture: Picture | None, predictors: Sequence[Predictor]) -> None:
    """Draw what a cell is, and who answers if that is not the maps' networks."""
    lines = [html.escape(f"Each cell is one wave. Its colour shows {_meaning()}.")]
    preset = PRESETS.get(st.session_state[PRESET])
    if preset is not None and preset.note:
        lines.append(html.escape(preset.note))
    instead = [predictor for predictor in predictors if predictor.of]
    if instead:
        small = "small " if all(predictor.spec.name.startswith(MINIATURE) for predictor in instead) else ""
        count = ("", f"a {small}stand-in", f"two {small}stand-ins")[len(instead)] if len(instead) < 3 else "stand-ins"
        clip = PAPERS_CLIP in {entry.classifier for entry in chosen} - {row.spec.name for row in predictors}
        get = ' <a href="models">Get CLIP itself</a>' if clip else ""
        own = join_list([row.title for row in predictors if not row.of] or [""])
        answering = f"{f'{own} and ' if own else ''}{count}, {join_list([row.title for row in instead])}"
        lines.append(html.escape(f"The answers come from {answering}.") + get)
    if picture is not None and picture.own and predictors and picture.size < LARGE:
        lines.append(html.escape(limits_of_small(picture, [row.title for row in predictors])))
    st.html(f'<p class="prose">{explain_on_page("<br>".join(lines), "introduction", *TERMS)}</p>')


def _meaning() -> str:
    """Return what the colour of a cell shows."""
    metric = METRICS[st.session_state[METRIC]]
    if metric.top is None:
        return f"the {metric.label} when that wave is added"
    if st.session_state[SHOW] == "Difference":
        return "which network is wrong more often when that wave is added"
    wrong = {1: "the network is wrong", 5: "the right class is not among the network’s first five"}[metric.top]
    return f"how often {wrong} when that wave is added"


def limits_of_small(picture: Picture, titles: Sequence[str]) -> str:
    """Return what small networks see of the visitor's own photo, and where a network sees more."""
    known, large = len(picture.classes), SAMPLE_SETS[picture_kinds()[PRESETS[PHOTOGRAPHS].pictures]]
    sees = "sees" if len(titles) == 1 else "see"
    return (
        f"{join_list(titles)} {sees} your photo at {picture.size} × {picture.size} pixels and can only choose among "
        f"{known} classes. Under {PHOTOGRAPHS}, a larger network answers: it sees your photo at {large.image_size} × "
        f"{large.image_size} pixels and knows {len(large.classes):,} classes."
    )


def _restore() -> None:
    """Restore the session's wave, initially the URL's or that of the first figure."""
    state = st.session_state
    if url.has_returned():
        _return_to_link()
        state[_RETURNS] = state.get(_RETURNS, 0) + 1
    if CELL not in state:
        state[CELL] = _parse_cell(url.text("cell")) or FIRST_PRESET.frequency
        if unknown := [label for label in url.texts(_MAPS) if label not in entries()]:
            names = as_markdown(one_line(", ".join(unknown), 120))
            st.toast(f"This link names maps that are missing here: {names}. A link cannot carry your own files.")
    url.put("cell", "{},{}".format(*state[CELL]))


def _return_to_link() -> None:
    """Forget the page's state; the URL, to which the browser's Back has returned, then says it."""
    for key in (CELL, _MAPS, METRIC, SHOW):
        st.session_state.pop(key, None)
    forget_picture(FREQUENCIES)
    forget_tool()


def _parse_cell(text: str) -> Frequency | None:
    match = re.fullmatch(r"(-?\d{1,3}),(-?\d{1,3})", text)
    cell = (int(match[1]), int(match[2])) if match else None
    return cell if cell and max(map(abs, cell)) <= MAX_FREQUENCY else None


def _settings(available: dict[str, Entry]) -> list[Entry]:
    """Draw the expert settings and return the chosen maps in order."""
    default, linked = [
        [label for label in some if label in available] for some in (FIRST_PRESET.maps, url.texts(_MAPS))
    ]
    selected = st.session_state.setdefault(_MAPS, linked[:MAX_MAPS] or default)
    offered = [label for label, entry in available.items() if label in selected or not entry.more]
    labels = settable(
        _MAPS, lambda key, value: st.multiselect("Maps", offered, value, key=key, max_selections=MAX_MAPS)
    )
    url.put_all(_MAPS, labels, default)
    chosen = [available[label] for label in labels]
    with st.container(horizontal=True, gap="large"):
        if chosen:
            _choose("Metric", offered_metrics(chosen), METRIC, TOP1.name)
            _choose("Show", offered_shows(chosen, st.session_state[METRIC]), SHOW, "Error")
    return chosen


def _choose(label: str, offered: Sequence[str], key: str, usual: str) -> None:
    """Draw a choice among the options that the chosen maps have."""
    if st.session_state.setdefault(key, url.text(key)) not in offered:
        st.session_state[key] = usual if usual in offered else offered[0]
    settable(key, lambda name, value: st.segmented_control(label, offered, default=value, key=name, required=True))
    url.put(key, st.session_state[key], usual)


def _presets(picture: Picture | None) -> None:
    """Draw a button for each preset and one for the visitor's own; what is displayed is marked."""
    state, title = st.session_state, None if picture is None else SAMPLE_SETS[picture.sample_set].title
    now = state.get(_MAPS), state.get(SHOW), title
    matching = [name for name, row in PRESETS.items() if row.state == now and state.get(METRIC) == TOP1.name]
    preset = OWN if own_is_open() else next(iter(matching), None)
    if PRESET not in state or state[PRESET] != preset:  # writing it always would undo a press made meanwhile
        state[PRESET] = preset
    st.pills("Maps", [*PRESETS, OWN], key=PRESET, on_change=_open_preset, label_visibility="collapsed")


def _open_preset() -> None:
    """Show a preset's maps and a picture of their kind, or open or close the visitor's own tools; for callbacks."""
    state, name = st.session_state, st.session_state[PRESET]
    open_own(name == OWN)
    if name in PRESETS:
        forget_cutoff()
        _show_preset(name)
        state[CELL] = PRESETS[name].frequency
    elif name == OWN:
        state[SHOW] = "Error"  # a map of one's own is not a difference


def _show_preset(name: str) -> None:
    """Show a preset's maps and, of the visitor's own photo or the bundled pictures, one that their networks know."""
    state, own = st.session_state, st.session_state.get("pictures") == UPLOAD
    state[_MAPS], state[SHOW], title = PRESETS[name].state
    state[METRIC] = TOP1.name
    if not (own and use_own_picture(FREQUENCIES, picture_kinds()[title])):
        state["pictures"] = title


def _show_photo(index: int) -> None:
    """Show a bundled photo and the maps about photos; for callbacks."""
    _show_preset(PHOTOGRAPHS)
    take_picture(FREQUENCIES, picture_kinds()[PRESETS[PHOTOGRAPHS].pictures], index)


def _welcome_photo() -> None:
    """Open *Photographs* for a new photo of the visitor's own: a real network answers there."""
    state, own = st.session_state, own_photo(FREQUENCIES)
    photo = own and (own.photo or own)  # the same one under a moved frame
    if photo is not state.get(_WELCOMED):
        state[_WELCOMED] = photo
        if photo is not None:
            if _where_photos_go():
                st.toast(f"Your photo is under *{PHOTOGRAPHS}* now.", icon=":material/image:")
            _show_preset(PHOTOGRAPHS)


def _where_photos_go() -> str:
    """Return a sentence on which maps a new photo of the visitor's own opens; empty if they are shown already."""
    preset, labels = PRESETS[PHOTOGRAPHS], st.session_state.get(_MAPS, [])
    if labels == list(preset.maps):
        return ""
    sizes = {entry.heatmap.metadata["image_size"] for label, entry in entries().items() if label in labels}
    size, large = max(sizes, default=0), SAMPLE_SETS[picture_kinds()[preset.pictures]].image_size
    why = f"These maps are about pictures of {size} × {size} pixels, so your" if 0 < size < large else "Your"
    return f"{why} photo opens under *{PHOTOGRAPHS}*."


def _add_map(label: str) -> None:
    """Show a new map next to the displayed ones."""
    st.session_state[_MAPS] = [*st.session_state[_MAPS], label][-MAX_MAPS:]
    st.rerun()


def _maps(
    chosen: list[Entry],
    selected: Frequency,
    perturbed: PerturbedPicture | None,
    notes: Mapping[str, str],
    band: Band | None,
) -> None:
    """Draw the maps and the picture, with a dashed circle for the claim's waves, and notes on the comparison."""
    show = st.session_state[SHOW]
    maps = shown_maps(chosen, st.session_state[METRIC], show)
    if show != "Difference":  # what they were measured on is under *Details*
        drawn = [
            replace(drawn_map, subtitle="", note=notes.get(entry.label, ""))
            for drawn_map, entry in zip(maps.drawn, chosen, strict=True)
        ]
        maps = replace(maps, drawn=drawn)
    key = "frequency.heatmaps"
    if band is not None:
        maps = replace(maps, outline=band.edge, outline_name=band.name)
    if perturbed is None:
        st.info("Choose one of the pictures, or use a photo of your own.")
        st.button("Choose a picture", icon=":material/image:", on_click=open_upload, args=(FREQUENCIES,))
        draw_maps(maps, selected=selected, key=key, on_select=partial(_select, None))
    else:
        picture, size = perturbed.picture, max(len(drawn_map.values) for drawn_map in maps.drawn)
        strip, index, pick = picture_strip(FREQUENCIES)
        wave_lab(
            maps,
            under_wave(picture, size, strip, index),
            selected=selected,
            key=key,
            on_select=partial(_select, picture.size),
            on_pick=lambda chosen: open_upload(FREQUENCIES) if chosen is None else pick(chosen),
        )
    if show == "Difference":
        if reasons := mismatches(chosen[0].heatmap, chosen[1].heatmap):
            st.warning(
                "These two maps were measured differently. " + as_markdown(" ".join(reasons)), icon=":material/warning:"
            )
        if len(chosen) > 2:
            st.markdown("The difference is between the first two maps.")


def _select(size: int | None, frequency: Frequency, epsilon: float = 0.0) -> None:
    """Store the visitor's wave and, for pictures of `size` pixels, its strength."""
    st.session_state[CELL] = frequency
    if size is not None:
        set_strength(size, epsilon)


def _answers(chosen: list[Entry], predictors: list[Predictor], perturbed: PerturbedPicture | None, more: bool) -> bool:
    """Give the maps what classifiers say of the picture; return whether they can be asked for `more`."""
    if perturbed is None:
        return False
    if not perturbed.possible:
        st.info("This picture has fewer pixels than this wave needs, so no network answers.")
    elif not predictors:
        st.info(NONE_READY)
    else:
        outlined = [] if st.session_state[SHOW] == "Difference" else chosen
        return draw_answers(predictors, outlined, perturbed, more)
    return False
