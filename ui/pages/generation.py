"""Page *Generation*: classifiers draw a class, starting from a blur of it or from noise, by PGD on Eq. 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import streamlit as st

from core.classifiers.registry import PAPERS_CLIP
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.data.statistics.class_statistics import ClassStatistics
from core.images.sketch import SIDE
from core.pgd.config import PGDConfig
from core.pgd.settings import RunKind
from core.runs.file import PGDRun
from core.runs.plan import RunPlan
from core.runs.starts import RANDOM_KINDS, STARTS, StartKind, draw_starts, set_start, start_facts
from core.shared import paper
from ui.runs.examples import back_to_example, stored_example
from ui.runs.many_pictures import MANY, is_stored, many_pictures
from ui.runs.panel import run_details, run_panel, run_status, settings_beside, tabs
from ui.runs.second_judge import class_set_of, second_judge
from ui.runs.setup.own_start import FIRST, keep_sketch, picture_start, sketch_start, to_starts
from ui.runs.setup.start import ask_for_run
from ui.runs.view import Result
from ui.runs.words import run_title, target_of
from ui.server.model_cache import is_ready, ready_classifiers
from ui.shared.picture_rows import Figure, picture_groups, to_picture
from ui.shared.text import as_markdown, one_line
from ui.shared.told import say

PAGE: RunKind = "generation"
INTRO = (
    "CLIP changes a blur until it is confident of a class, and we see next to nothing, says the paper. And a "
    "robust network?"
)
MAX_TARGETS = 10
MAX_PER_CLASS = 4
MAX_SEED = 999_999
OFFERED: dict[str, StartKind] = {words.label: kind for kind, words in STARTS.items() if words.offered}
START = f"{PAGE}-start-from"


def page() -> None:
    """Draw the page."""
    st.title("Can CLIP draw what it sees?", anchor=False)
    say(INTRO, "CLIP", "robust")
    chosen, beside = settings_beside()
    with chosen:
        asked = _asked()
        row, kind, buttons = asked.row, asked.kind, st.container(horizontal=True, gap="small")
        wanted = ask_for_run(PAGE, row.class_set, row.side, asked.plan, buttons=buttons)
    names = () if wanted is None else wanted.names
    with beside:
        result = run_status(PAGE, lambda: stored_example(PAGE, row.name, names, kind), wanted, partial(_back, row))
        run_panel(PAGE, result, wanted)
        if result is not None:
            _go_on_painting(result)
            second_judge(result)
    parts: dict[str, Callable[[], None]] = {
        "What is computed": partial(_formula, row.rule if result is not None and result.stored else ""),
        "The start": partial(_start, asked),
        "Where this run comes from": partial(run_details, result),
    }
    tabs({MANY: partial(many_pictures, kind)} | parts if is_stored(row, kind) else parts)


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be drawn: the sample set, the targets, and what they start from.

    starts: (B, 3, H, W) float32, as many for each target in turn; None while there is nothing to draw. seed: by which
    they are drawn. facts: what a run's file says of them.
    """

    row: SampleSet
    targets: list[str]
    kind: StartKind
    starts: np.ndarray | None = None
    seed: int = 0
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def per_target(self) -> int:
        """How many starts each target has."""
        return 0 if self.starts is None else len(self.starts) // len(self.targets)

    def plan(self, config: PGDConfig, *_: object) -> tuple[RunPlan | None, str]:
        """The plan with these settings, or in one sentence why there is none."""
        if self.starts is None:
            return None, "nothing to draw is chosen; choose a class, or describe one in words"
        targets = tuple(target for target in self.targets for _ in range(self.per_target))
        return RunPlan(targets=targets, start=self.starts, config=config, seed=self.seed, images=self.facts), ""


def _asked() -> Asked:
    """The widgets for it."""
    sets = {row.drawn_title: row for row in SAMPLE_SETS.values() if row.drawn}
    small, next_set, *_ = sets
    first = small if ready_classifiers(sets[small].class_set) and not is_ready(PAPERS_CLIP) else next_set
    chosen = st.segmented_control(
        "Classes of", list(sets), default=first, key=f"{PAGE}-set", required=True, bind="query-params"
    )
    row = sets[chosen]
    classes = f"{PAGE}-classes-{row.class_set}"
    targets = st.multiselect(
        f"Draw (up to {MAX_TARGETS}; for CLIP, any text)",
        list(dict.fromkeys(row.classes.names)),
        default=list(row.drawn),
        max_selections=MAX_TARGETS,
        accept_new_options=True,
        key=classes,
        bind="query-params",
    )

    def draw(class_name: str) -> None:
        if class_name in row.classes.names:
            st.session_state[classes] = [class_name]

    def begin() -> None:
        if OFFERED.get(st.session_state[START]) == "sketch":
            draw(FIRST)  # of one picture one class, to begin with

    start = st.segmented_control(
        "Start from",
        list(OFFERED),
        default=next(iter(OFFERED)),
        key=START,
        required=True,
        wrap=True,
        bind="query-params",
        on_change=begin,
        help=" ".join(f"*{label}*: {STARTS[kind].source}" for label, kind in OFFERED.items()),
    )
    kind = OFFERED[start]
    if kind in RANDOM_KINDS:
        return _random(row, targets, kind)
    given = (sketch_start(draw), STARTS[kind].name) if kind == "sketch" else picture_start(row)
    if given is None or not targets:
        return Asked(row, targets, kind)
    picture, credit = given
    facts = {"dataset": kind, "start": kind, "credit": f"Start: {credit}"}
    return Asked(row, targets, kind, to_starts(picture, row.side, len(targets)), facts=facts)


def _random(row: SampleSet, targets: list[str], kind: StartKind) -> Asked:
    """How many starts are drawn for each target, and by which random seed."""
    for why in dict.fromkeys(set_start(target, row.name, kind).why for target in targets):
        if why:
            st.markdown(as_markdown(why))
    both = st.container(horizontal=True, gap="small")  # beside each other on a phone, too
    chosen = both.number_input(
        "Samples per class", 1, MAX_PER_CLASS, 1, key=f"{PAGE}-seeds", bind="query-params", width=124
    )
    seed = both.number_input(
        "Random seed",
        0,
        MAX_SEED,
        0,
        key=f"{PAGE}-seed",
        bind="query-params",
        help="The same number draws the same starts.",
        width=124,
    )
    if not targets:
        return Asked(row, targets, kind)
    starts = draw_starts(targets, int(chosen), row.name, int(seed), kind)
    return Asked(row, targets, kind, starts, int(seed), start_facts(targets, int(chosen), row.name, kind))


def _go_on_painting(result: Result) -> None:
    """A button for each network that makes what it has drawn the sketch: paint on it, and go on from there.

    Of several pictures it is the first.
    """
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


def _start(asked: Asked) -> None:
    """For each target: what its starts are drawn from, and the starts."""
    kind, starts = asked.kind, asked.starts
    if starts is None:
        return
    st.markdown(STARTS[kind].source)
    if kind not in RANDOM_KINDS:
        return
    groups = []
    for k, target in enumerate(asked.targets):
        start = set_start(target, asked.row.name, kind)
        mean, name = start.distribution.mean, STARTS[start.kind].name
        figures = [Figure("Mean picture", "", to_picture(mean))]
        if isinstance(start.distribution, ClassStatistics):
            figures.append(Figure("Standard deviation", "black is none", to_picture(start.distribution.std)))
        mine = range(k * asked.per_target, (k + 1) * asked.per_target)
        figures += [Figure(f"Start {n + 1}", name, to_picture(starts[n])) for n in mine]
        groups.append((one_line(target), figures, f"From {one_line(start.distribution.source, 110)}."))
    st.html(picture_groups(groups, "The starts of each class", tile=56))


def _back(row: SampleSet) -> None:
    """Set everything to what the stored example was made with."""
    label = next(iter(OFFERED))
    chosen = {f"classes-{row.class_set}": list(row.drawn), "start-from": label, "seeds": 1, "seed": 0}
    back_to_example(PAGE, row, OFFERED[label], chosen)


def _formula(rule: str) -> None:
    """rule: by which the classes of what is shown were chosen; may be empty."""
    papers = paper.RUNS[PAGE]
    left, right = st.columns(2, gap="large")
    left.markdown(
        r"The start $x_0$ is drawn from a normal distribution: a blur as a whole image, with the covariance of the "
        r"class or of all classes; pixel noise pixel by pixel. Then $x$ minimises "
        r"$\;\mathrm{CE}(x, \mathrm{target})\;$ (Eq. 2) "
        r"within $\lVert x - x_0\rVert_2 \le \varepsilon$, by steps "
        r"$x \leftarrow \mathrm{clip}(\mathrm{project}(x - \alpha\, g / \lVert g\rVert_2), 0, 1)$. "
        rf"At {paper.IMAGE_SIZE} pixels the paper takes $\varepsilon$ = {papers['epsilon']}, $\alpha$ = "
        rf"{papers['step_size']} and {papers['steps']} steps; here lengths scale with the side."
    )
    if rule:
        right.markdown(rule)
