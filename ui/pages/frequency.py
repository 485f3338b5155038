"""Page *Frequencies*: Fourier heat maps, a picture under the selected wave, and classifiers' predictions for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import streamlit as st

from core.claims.claim import Finding
from core.data.sample_sets import SAMPLE_SETS
from core.fourier.contrasts import Band, mismatches
from core.fourier.heatmap import MAX_SIDE, METRICS, TOP1, Metric
from core.reproduce.report import STYLE
from core.shared.numbers import Frequency, join_list
from core.shared.text import TERMS, Paragraph
from ui.components.heatmap import heatmap_view, wave_lab
from ui.maps.catalogue import Entry, entries
from ui.maps.judged_maps import claim_on, verdict_html
from ui.maps.line_charts import radial_chart
from ui.maps.models import Predictor, choose_predictors
from ui.maps.predictions.cell_panel import PerturbedPicture, set_strength, strength, under_wave
from ui.maps.predictions.cell_predictions import SamplePredictions, draw_predictions, wait_for_first_paint
from ui.maps.presets import FIGURES, FIRST_FIGURE
from ui.maps.sentences import cell_verdict, other_strength
from ui.maps.views import offered_metrics, offered_shows, shown_maps
from ui.server.model_cache import NONE_READY, ready_classifiers
from ui.shared import url
from ui.shared.picture_choice import chosen_picture, open_library, pick_picture, picture_library, picture_strip
from ui.shared.pictures import Picture
from ui.shared.sentences import write_sentence
from ui.shared.settable import settable
from ui.shared.text import as_markdown, one_line
from ui.tools.page_state import PageState
from ui.tools.registry import draw_tools

# Keys of this page in the session. The first three are also in the URL, as is `cell`.
MAPS, METRIC, SHOW = "maps", "metric", "show"
CELL = "frequency.cell"
PENDING, ALL_PREDICT = "frequency.pending_map", "frequency.all_predict"
FIGURE, PLACE = "frequency.figure", "cell"

FIRST = attrgetter("first")  # default picture of a sample set
TITLE = "Which frequencies does CLIP rely on?"
MAX_FREQUENCY = MAX_SIDE // 2
MAX_MAPS = 4

# Parts of the page about the selected wave, as CSS selectors; `wave_answers.js` updates them.
BELONGS = {
    "table": ".st-key-frequency-predictions",
    "sentence": ".st-key-frequency-verdict",
    "chart": ".st-key-frequency-rings",
}


def page() -> None:
    """Draw the page: reserve the place of every part, then fill the cheapest parts first."""
    _restore()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="frequency-title"):
        st.title(TITLE, width="content", anchor=False)
        introduction = st.container()
    with st.container(horizontal=True, gap="small", key="frequency-bar"):
        figures = st.container(width="content", key="frequency-figures")
        chosen = _controls(entries())
        verdict = st.container(key="frequency-verdict")
    with introduction:
        write_sentence(about_maps(METRICS[st.session_state.get(METRIC, TOP1.name)]), *TERMS)
    picture = chosen_picture(PLACE, url_prefix="", first=FIRST, kind=FIRST_FIGURE.pictures)
    with figures:
        _figures(picture)
    picture_library(PLACE, url_prefix="", first=FIRST)
    if not chosen:
        st.info("Choose at least one map above.")
        return
    frequency = st.session_state[CELL]
    perturbed = None
    if picture is not None:
        perturbed = PerturbedPicture(picture, frequency, strength(picture.size))
    about = _claim(chosen, frequency)
    with verdict:
        st.html(f"{STYLE}{_verdict_html(chosen, frequency, perturbed, about)}")
        if picture is not None:
            _offer_maps(chosen, picture)
    with st.container(key="frequency-stage"):
        with st.container(key="frequency-lab"):
            _maps(chosen, frequency, perturbed, about[1].edge if about else 0)
        with st.container(key="frequency-predictions"):
            count, predictors = _predictions(chosen, perturbed)
    chart = partial(_chart, chosen, frequency)
    draw_tools(
        PageState(
            chosen, frequency, picture, perturbed if predictors else None, predictors, count, _show_new_map, chart
        )
    )
    count()  # last, since it takes longest


def about_maps(metric: Metric) -> str:
    """Describe the cells of maps and their colour."""
    colour = f"the {metric.label}" if metric.top is None else "how often it misleads"
    return f"Each cell is a wave on pictures. Its colour shows {colour}."


def _chart(chosen: list[Entry], frequency: Frequency) -> None:
    """Draw the errors by radius."""
    with st.container(key="frequency-rings"):
        radial_chart(chosen, top=_top(), selected=frequency).draw()


def _restore() -> None:
    """Restore the session's wave, initially the URL's or that of the first figure."""
    state = st.session_state
    if label := state.pop(PENDING, None):
        state[MAPS] = [*state.get(MAPS, []), label][-MAX_MAPS:]
        selected = [entries()[name] for name in state[MAPS]]
        if selected[-1].heatmap.metadata["dataset"]["n"] == 1 and "Probability" in offered_metrics(selected):
            state[METRIC] = "Probability"  # a single image is right or wrong; its probability says more
        elif "Estimate" in offered_shows(selected, TOP1.name):
            state[METRIC], state[SHOW] = TOP1.name, "Estimate"  # counts over few images are noise
    if CELL not in state:
        state[CELL] = _parse_cell(url.text("cell")) or FIRST_FIGURE.frequency
        if unknown := [label for label in url.texts(MAPS) if label not in entries()]:
            names = as_markdown(one_line(", ".join(unknown), 120))
            st.toast(f"This link names maps that are missing here: {names}. A link cannot carry your own files.")
    url.put("cell", "{},{}".format(*state[CELL]))


def _parse_cell(text: str) -> Frequency | None:
    match = re.fullmatch(r"(-?\d{1,3}),(-?\d{1,3})", text)
    cell = (int(match[1]), int(match[2])) if match else None
    return cell if cell and max(map(abs, cell)) <= MAX_FREQUENCY else None


def _controls(available: dict[str, Entry]) -> list[Entry]:
    """Draw two menus and return the chosen maps in order."""
    default, linked = [[label for label in some if label in available] for some in (FIRST_FIGURE.maps, url.texts(MAPS))]
    if len(linked) > MAX_MAPS:
        st.toast(f"This link names too many maps; these are the first {MAX_MAPS}.")
    selected = st.session_state.setdefault(MAPS, linked[:MAX_MAPS] or default)
    with st.popover("Maps", icon=":material/grid_on:"):
        offered = [label for label, entry in available.items() if label in selected or not entry.more]
        labels = settable(
            MAPS, lambda key, value: st.multiselect("Maps", offered, value, key=key, max_selections=MAX_MAPS)
        )
    url.put_all(MAPS, labels, default)
    chosen = [available[label] for label in labels]
    with st.popover("View", icon=":material/tune:"):
        if chosen:
            _choose("Metric", offered_metrics(chosen), METRIC, TOP1.name)
            _choose("Show", offered_shows(chosen, st.session_state[METRIC]), SHOW, "Error")
        st.toggle("All installed models predict", key=ALL_PREDICT)
    return chosen


def _choose(label: str, offered: Sequence[str], key: str, usual: str) -> None:
    """Draw a choice among the options that the chosen maps have."""
    if st.session_state.setdefault(key, url.text(key)) not in offered:
        st.session_state[key] = usual if usual in offered else offered[0]
    settable(key, lambda name, value: st.segmented_control(label, offered, default=value, key=name, required=True))
    url.put(key, st.session_state[key], usual)


def _figures(picture: Picture | None) -> None:
    """Draw a button for each of the paper's two figures; the displayed one is marked."""
    state, kind = st.session_state, None if picture is None else SAMPLE_SETS[picture.kind].title
    now = state.get(MAPS), state.get(SHOW), kind
    matching = [name for name, story in FIGURES.items() if story.state == now and state.get(METRIC) == TOP1.name]
    state[FIGURE] = next(iter(matching), None)
    st.pills("Figures of the paper", list(FIGURES), key=FIGURE, on_change=_open_figure, label_visibility="collapsed")


def _open_figure() -> None:
    """Show a figure's maps and a picture of their kind; for callbacks."""
    state = st.session_state
    if state[FIGURE] is not None:
        story = FIGURES[state[FIGURE]]
        state[MAPS], state[SHOW], state["pictures"] = story.state
        state[METRIC], state[CELL] = TOP1.name, story.frequency


def _offer_maps(chosen: list[Entry], picture: Picture) -> None:
    """Offer the maps of pictures like this one, if no chosen map has such pictures."""
    about = [entry.sample_set for entry in chosen]
    row = SAMPLE_SETS[picture.kind]
    name = next((name for name, story in FIGURES.items() if story.pictures == row.title), None)
    if name is None or any(sample_set is None or sample_set.class_set == row.class_set for sample_set in about):
        return
    show = partial(st.session_state.__setitem__, MAPS, list(FIGURES[name].maps))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        sizes = join_list(sorted({f"{entry.heatmap.metadata['image_size']}-pixel" for entry in chosen}))
        st.markdown(f"These maps were measured on {sizes} pictures of other classes.", width="content")
        st.button(f"Show the maps of {name}", key="frequency.offered", on_click=show)


def _top() -> int:
    return METRICS[st.session_state[METRIC]].top or 1


def _show_new_map(label: str) -> None:
    """Show a new map beside the displayed ones from the next run on."""
    st.session_state[PENDING] = label
    st.rerun()


def _verdict_html(
    chosen: list[Entry], frequency: Frequency, perturbed: PerturbedPicture | None, about: tuple[Finding, Band] | None
) -> str:
    """Return the sentence on a wave and the claim about such waves as HTML."""
    verdict = cell_verdict(chosen, frequency, _top())
    if perturbed is not None:
        verdict = Paragraph(verdict, other_strength(chosen, perturbed.picture.size, perturbed.epsilon))
    return verdict_html(verdict, about)


def _claim(chosen: list[Entry], frequency: Frequency) -> tuple[Finding, Band] | None:
    """Return the finding on the claim about such waves, for the first two maps, and the band of these waves."""
    return claim_on(chosen, frequency) if _top() == 1 else None


def _maps(chosen: list[Entry], selected: Frequency, perturbed: PerturbedPicture | None, outline: float) -> None:
    """Draw the maps beside the picture, with a dashed circle for the claim's waves, and notes on the comparison."""
    show = st.session_state[SHOW]
    maps = shown_maps(chosen, st.session_state[METRIC], show)
    look: dict[str, Any] = {"selected": selected, "outline": outline, "key": "frequency.heatmaps"}
    if perturbed is None:
        st.info("Choose a bundled picture or upload your own.")
        st.button("Choose a picture", icon=":material/image:", on_click=open_library, args=(PLACE,))
        heatmap_view(maps, on_select=partial(_select, None), **look)
    else:
        picture, side = perturbed.picture, max(len(view.values) for view in maps.views)
        wave_lab(
            maps,
            under_wave(picture, side, picture_strip(url_prefix="")),
            on_select=partial(_select, picture.size),
            on_pick=lambda place: pick_picture(PLACE, place, url_prefix=""),
            on_library=partial(open_library, PLACE),
            belongs=BELONGS,
            **look,
        )
    if show == "Difference":
        if reasons := mismatches(chosen[0].heatmap, chosen[1].heatmap):
            st.warning(
                "These two maps were measured differently. " + as_markdown(" ".join(reasons)), icon=":material/warning:"
            )
        if len(chosen) > 2:
            st.markdown("The difference is between the first two maps.")
    if show == "Estimate":
        st.markdown("Maps with few images show estimates; the sentence, curves and downloads use the counts.")


def _select(size: int | None, frequency: Frequency, epsilon: float = 0.0) -> None:
    """Store the visitor's wave and, for pictures of `size` pixels, its strength."""
    st.session_state[CELL] = frequency
    if size is not None:
        set_strength(size, epsilon)


def _predictions(
    chosen: list[Entry], perturbed: PerturbedPicture | None
) -> tuple[Callable[[], list[SamplePredictions]], list[Predictor]]:
    """Draw the predictions; return the function that counts flips, to be called last, and the predictors, if any."""
    if perturbed is None:
        pass
    elif not perturbed.possible:
        st.info("This picture is too small for this wave, so there are no predictions.")
    elif not (predictors := _predictors(chosen, perturbed)):
        st.info(NONE_READY)
    elif not wait_for_first_paint():
        return draw_predictions(predictors, perturbed), predictors
    return list, []


def _predictors(chosen: list[Entry], perturbed: PerturbedPicture) -> list[Predictor]:
    """Return the classifiers that predict; empty if no ready classifier knows the picture's classes."""
    class_set = perturbed.picture.class_set
    return choose_predictors([] if st.session_state[ALL_PREDICT] else chosen, ready_classifiers(class_set), class_set)
