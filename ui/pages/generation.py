"""Page *Draw*: classifiers draw a class by PGD on Eq. 2, from a blur, noise, a sketch or a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.painted import SIDE
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.run import PGDRun, RunPlan
from core.pgd.search import MIN_CROP_SIZE, Search
from core.pgd.settings import RunKind
from core.pgd.starts import RANDOM_KINDS, STARTS, StartKind, draw_starts, set_start, start_facts
from core.shared import paper
from ui.runs.examples import back_to_example, shown_first, stored_example
from ui.runs.panel import head, places, run_details, run_panel, run_status, tabs
from ui.runs.run_sentences import VIEWS, run_title, target_of
from ui.runs.second_judge import class_set_of, second_judge
from ui.runs.setup.own_start import keep_sketch, picture_start, sketch_start, to_starts
from ui.runs.setup.settings import RunSettings, follow, number_in_url, toggle_in_url
from ui.runs.setup.start import Toolbar, ask_for_run, choose_networks
from ui.runs.setup.state import RunResult
from ui.runs.stored_results import COMPUTED, MANY, ORIGIN, is_stored, many_pictures
from ui.server.model_cache import ready_classifiers
from ui.shared import url
from ui.shared.picture_rows import to_picture
from ui.shared.settable import settable
from ui.shared.text import as_markdown, one_line

PAGE: RunKind = "generation"
TITLE = "Can CLIP draw what it sees?"
INTRO = (
    "The paper says that CLIP changes a picture until it is confident, yet we see nothing. What if every view must "
    "convince, or the network is robust?"
)
MAX_TARGETS = 10
MAX_PER_CLASS = 4
MAX_SEED = 999_999
START = f"{PAGE}-start-from"
TARGET_WIDTH, START_WIDTH = 200, 136  # pixels


def page() -> None:
    """Draw the page."""
    head(TITLE, INTRO)
    toolbar, left, right = places(PAGE, painter=_chosen_start() in ("sketch", "picture"))
    drawing = _generation_request(toolbar, left)
    row, kind = drawing.row, drawing.kind
    specs = choose_networks(PAGE, row.class_set, toolbar)
    request = None if specs is None else ask_for_run(PAGE, specs, row.class_set, row.side, drawing.plan, toolbar)
    names, searches = ((), ()) if request is None else (request.names, request.searches)
    with right:
        example = partial(stored_example, PAGE, row.name, shown_first(PAGE, row, names), kind, searches)
        result = run_status(PAGE, example, request, partial(_back, row))
        run_panel(PAGE, result, request)
        if result is not None:
            _go_on_painting(result)
            second_judge(result)
    parts: dict[str, Callable[[], None]] = {
        MANY: partial(many_pictures, row, kind),
        COMPUTED: partial(_computed, kind, searches, row.rule if result is not None and result.stored else ""),
        ORIGIN: partial(run_details, result),
    }
    tabs(parts, MANY if is_stored(row, kind) else ORIGIN)


@dataclass(frozen=True, eq=False)
class GenerationRequest:
    """Requested drawings: the sample set, the targets and their starts.

    starts: (B, 3, H, W) float32, grouped by target, equally many each; None while there is nothing to draw. seed:
    random seed of the starts. facts: their metadata in the run's file.
    """

    row: SampleSet
    targets: list[str]
    kind: StartKind
    starts: np.ndarray | None = None
    seed: int = 0
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def per_target(self) -> int:
        """Number of starts per target."""
        return 0 if self.starts is None else len(self.starts) // len(self.targets)

    def plan(self, chosen: RunSettings) -> tuple[RunPlan | None, str]:
        """Return the plan with these settings, or None and a one-sentence reason."""
        if self.starts is None:
            return None, "no class is chosen; choose one or describe it in words"
        targets = tuple(target for target in self.targets for _ in range(self.per_target))
        return RunPlan(targets=targets, start=self.starts, config=chosen.config, seed=self.seed, images=self.facts), ""


def _chosen_start() -> StartKind | None:
    """Return the visitor's or the link's start; None for the default."""
    label = st.session_state.get(START) or url.text(START)
    return next((kind for kind, start in STARTS.items() if start.label == label), None)


def _generation_request(toolbar: Toolbar, left: DeltaGenerator) -> GenerationRequest:
    """Draw the widgets of a request and return it. left: place of the sketch or picture."""
    sets = {row.drawn_title: row for row in sorted(SAMPLE_SETS.values(), key=lambda row: -row.side) if row.drawn}
    _take_linked_set(sets)
    first = next((title for title, row in sets.items() if ready_classifiers(row.class_set)), next(iter(sets)))
    with toolbar.subject:
        chosen = st.segmented_control(
            "Classes of", list(sets), default=first, key=f"{PAGE}-set", required=True, bind="query-params"
        )
        row = sets[chosen]
        targets = _targets(row, toolbar.settings)
        kind = _choose_start(row)
    if kind in RANDOM_KINDS:
        return _random(row, targets, kind, toolbar.settings)
    with left:
        own = (sketch_start(partial(_draw, row)), STARTS[kind].name) if kind == "sketch" else picture_start(row)
    if own is None or not targets:
        return GenerationRequest(row, targets, kind)
    picture, credit = own
    facts = {"dataset": kind, "start": kind, "credit": f"Start: {credit}"}
    return GenerationRequest(row, targets, kind, to_starts(picture, row.side, len(targets)), facts=facts)


def _choose_start(row: SampleSet) -> StartKind:
    """Draw the menu of starts; return the chosen one."""
    offered = {STARTS[kind].label: kind for kind in offered_starts(row)}
    first = next(iter(offered))
    follow(START, first)
    if st.session_state.get(START, first) not in offered:
        st.session_state[START] = first  # the chosen start belongs to another set
    label = st.selectbox(
        "Start from",
        list(offered),
        key=START,
        bind="query-params",
        help=" ".join(f"*{label}*: {STARTS[kind].source}" for label, kind in offered.items()),
        width=START_WIDTH,
    )
    return offered[label]


def _take_linked_set(sets: Mapping[str, SampleSet]) -> None:
    """Choose the set of the classes or networks in a link, which need not name the set."""
    state, key = st.session_state, f"{PAGE}-set"
    if key in state or url.text(key):
        return
    for title, row in sets.items():
        if url.names_class_set(PAGE, row.class_set):
            state[key] = title
            return


def offered_starts(row: SampleSet) -> list[StartKind]:
    """Return the starts that the page offers for a set, the default first.

    A class without images here has no blur of its own; at full size both searches start from grey.
    """
    kinds: list[StartKind] = [kind for kind, start in STARTS.items() if start.offered]
    if row.side < MIN_CROP_SIZE:
        return kinds
    return sorted((kind for kind in kinds if kind != "blur"), key=lambda kind: kind != "grey")


def _targets(row: SampleSet, settings: DeltaGenerator) -> list[str]:
    """Draw the choice of classes in the toolbar: a menu for one class, or a popover for several; return them."""
    names, several = list(dict.fromkeys(row.classes.names)), f"{PAGE}-classes-{row.class_set}"
    if len(row.drawn) == 1:
        toggle = partial(settings.toggle, "Several classes at once")
        if not toggle_in_url(f"{PAGE}-several", toggle, bool(url.texts(several))):
            target = st.selectbox(
                "Draw (for CLIP, any text)",
                names,
                index=names.index(row.drawn[0]),
                accept_new_options=True,
                key=f"{PAGE}-class-{row.class_set}",
                bind="query-params",
                width=TARGET_WIDTH,
            )
            return [target] if target else []
    st.session_state.setdefault(several, url.texts(several)[:MAX_TARGETS] or list(row.drawn))
    chosen: list[str] = st.session_state[several]
    label = as_markdown(one_line(chosen[0], 24)) if len(chosen) == 1 else f"{len(chosen) or 'No'} classes"
    with st.popover(f"Draw: {label}", key=f"{PAGE}.targets"):
        targets = settable(
            several,
            lambda key, value: st.multiselect(
                f"Draw (up to {MAX_TARGETS}; for CLIP, any text)",
                [*names, *(target for target in value if target not in names)],
                value,
                max_selections=MAX_TARGETS,
                accept_new_options=True,
                key=key,
            ),
        )
    url.put_all(several, targets, list(row.drawn))
    return targets


def _draw(row: SampleSet, class_name: str) -> None:
    """Choose one class; for callbacks."""
    if class_name not in row.classes.names:
        return
    st.session_state[f"{PAGE}-classes-{row.class_set}"] = [class_name]
    st.session_state[f"{PAGE}-class-{row.class_set}"] = class_name


def _random(row: SampleSet, targets: list[str], kind: StartKind, settings: DeltaGenerator) -> GenerationRequest:
    """Draw the settings of random starts, their number per target and the seed; return the request."""
    for why in dict.fromkeys(set_start(target, row.name, kind).why for target in targets):
        if why:
            st.markdown(as_markdown(why))
    left, right = settings.columns(2)
    count = number_in_url(
        f"{PAGE}-seeds", partial(left.number_input, "Samples per class", 1, MAX_PER_CLASS), 1, 1, MAX_PER_CLASS
    )
    same = "The same seed gives the same starts."
    seed = number_in_url(
        f"{PAGE}-seed", partial(right.number_input, "Random seed", 0, MAX_SEED, help=same), 0, 0, MAX_SEED
    )
    if not targets:
        return GenerationRequest(row, targets, kind)
    starts = draw_starts(targets, int(count), row.name, int(seed), kind)
    facts = start_facts(targets, int(count), row.name, kind)
    return GenerationRequest(row, targets, kind, starts, int(seed), facts)


def _go_on_painting(result: RunResult) -> None:
    """Draw a button per network that copies its (first) drawing into the sketch, to paint on."""
    small = [run for run in result.runs if run.start.shape[-1] == SIDE]
    if not small:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for k, run in enumerate(small):
            what = f"the {target_of(run, 0)} of" if len(run.start) > 1 else "the picture of"
            st.button(
                f"Paint on {as_markdown(what)} {as_markdown(run_title(run))}",
                icon=":material/brush:",
                key=f"{PAGE}.paint_on.{k}",
                on_click=_paint_on,
                args=(run,),
                type="tertiary",
            )


def _paint_on(run: PGDRun) -> None:
    keep_sketch(to_picture(run.frames[-1, 0]))
    st.session_state[START] = STARTS["sketch"].label
    if class_set := class_set_of(run):
        st.session_state[f"{PAGE}-classes-{class_set}"] = [target_of(run, 0)]


def _back(row: SampleSet) -> None:
    """Apply the settings of the stored example."""
    kind = next(iter(offered_starts(row)))
    chosen: dict[str, object] = {f"classes-{row.class_set}": list(row.drawn), f"class-{row.class_set}": row.drawn[0]}
    chosen |= {"start-from": STARTS[kind].label, "seeds": 1, "seed": 0}
    if len(row.drawn) == 1:
        chosen["several"] = False
    back_to_example(PAGE, row, kind, chosen)


def _computed(kind: StartKind, searches: Sequence[Search], rule: str) -> None:
    """Draw the formulas. rule: how the displayed classes were chosen; may be empty."""
    left, right = st.columns(2, gap="large")
    left.markdown(formula(kind))
    if "views" in searches:
        right.markdown(VIEWS)
    if rule:
        right.markdown(rule)


def formula(kind: StartKind) -> str:
    """Return the start, the loss and its constraint as Markdown."""
    papers = paper.RUNS[PAGE]
    return (
        rf"The start $x_0$: {STARTS[kind].source[0].lower()}{STARTS[kind].source[1:]} From it, $x$ minimises "
        r"$\;\mathrm{CE}(x, \mathrm{target})\;$ (Eq. 2) "
        r"within $\lVert x - x_0\rVert_2 \le \varepsilon$, by steps "
        r"$x \leftarrow \mathrm{clip}(\mathrm{project}(x - \alpha\, g / \lVert g\rVert_2), 0, 1)$. "
        rf"At {paper.IMAGE_SIZE} pixels the paper takes $\varepsilon$ = {papers['epsilon']}, $\alpha$ = "
        rf"{papers['step_size']} and {papers['steps']} steps; here lengths scale with the side."
    )
