"""Results of runs: tables of their numbers, of a second network's judgement and of many pictures; the formulas."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.registry import classifier_title, result_title, short_title
from core.data.holes import hole_text
from core.data.sample_sets import SAMPLE_SETS
from core.data.stored import cached_by_files, device_text
from core.data.words import everyday_name
from core.pgd.drawings import count, painter_name, stored_kinds
from core.pgd.links import word_parameter
from core.pgd.methods import COMPARED, METHODS, MethodName
from core.pgd.picture_outcomes import Judgement
from core.pgd.record import PGDRun
from core.pgd.settings import PENALTIES
from core.pgd.starts import STARTS, StartName
from core.shared import paper
from core.shared.numbers import confidence, wilson
from core.shared.text import Number
from ui.runs.replay import counted_hole, run_title, stored_example, target_of
from ui.runs.second_opinion import guess, is_relative, judgement_of
from ui.runs.state import RunResult
from ui.shared import url
from ui.shared.page_pictures import Figure, picture_row, to_picture
from ui.shared.tables import scrolling_table
from ui.shared.url import as_markdown, one_line

# ---- one result --------------------------------------------------------------------------------------------------


def run_table(result: RunResult) -> None:
    """Draw the numbers of a result, and where it comes from."""
    runs = result.runs
    columns = ("This run", *(run_title(run, runs) for run in runs))
    rows = [run_facts(run) | {"Made": result.note} for run in runs]
    scrolling_table(columns, [(name, *(row[name] for row in rows)) for name in rows[0]], "This run", wraps=True)


def run_facts(run: PGDRun) -> dict[str, str]:
    """Return a run's outcome, settings and origin by name; numbers of several pictures are their means."""
    source, images, classifier = run.metadata["source"], run.metadata["images"], run.metadata["classifier"]
    config, objective = run.config, run.metadata["objective"]
    settings = f"{config.steps:,} steps of {config.step_size:.3g}, epsilon {config.epsilon:.3g}"
    if "weight" in objective:
        settings += f", lambda {objective['weight']:g}: {PENALTIES[objective['penalty']].label}"
    loss, norm = run.curves["loss"].mean(axis=1), run.curves["perturbation_norm"][-1].mean()
    before, after = (confidence(float(mean)) for mean in run.curves["target_probability"][[0, -1]].mean(axis=1))
    change, part = np.mean([change["inside"] for change in images["change"]]), "start" if run.mask is None else "hole"
    digest = f" (sha256 {classifier['sha256'][:12]}…)" if "sha256" in classifier else ""
    return {
        "Target": ", ".join(dict.fromkeys(everyday_name(target_of(run, row)) for row in range(len(run.start)))),
        "Its probability": f"{before} → {after}",
        # float32 rounds a smaller cross-entropy to zero
        "Loss": f"{loss[0]:.3g} → {f'{loss[-1]:.2g}' if loss[-1] > 1e-7 else 'under 1e-7'}",
        "Steps": f"{len(loss) - 1:,} of {run.config.steps:,}",
        "Change (L2 norm)": f"{norm:.2f} of at most {run.config.epsilon:.3g}",
        f"Mean change of the {part}": f"{255 * change:.1f} of 255",
        "Network": result_title(classifier, short=False),
        "Settings": settings,
        "Random seed": str(run.metadata["seed"]),
        "Picture": one_line(images.get("credit") or images["dataset"]),
        "Weights": f"{classifier['weights_id']}{digest}",
        "Computed": f"{source['date'][:10]}, version {source['version']}, {device_text(source)}, "
        f"{source['wall_seconds']:,.0f} s",
    }


# ---- a second network's judgement --------------------------------------------------------------------------------


def counted(count: int, n: int) -> Number:
    """Format a count with the 95% interval of its share, as in '4 of 8 (22 to 78%)'."""
    _, low, high = wilson(count / n, n).item()
    return Number(f"{count} of {n}", f"{100 * low:.0f} to {100 * high:.0f}%")


def recognised_table(result: RunResult) -> None:
    """Draw who the second network is, and how many pictures and starts it recognises.

    The stage says it of a single picture: one prediction is no measurement.
    """
    drew = {run.metadata["classifier"]["name"] for run in result.runs}
    several = len(result.runs[0].start) > 1
    judged = ((run, judgement_of(run, drew, live=several or not result.stored)) for run in result.runs)
    judgements = [(run, judgement) for run, judgement in judged if judgement is not None]
    for judge in dict.fromkeys(judgement.judge for _, judgement in judgements):
        relative = any(is_relative(name, judge) for name in drew)
        title = one_line(short_title(classifier_title(judge)))
        st.markdown(f"The second network is {as_markdown(title)}{', of the same family as the painter' * relative}.")
    if several and judgements:
        columns = ("Pictures", "Recognised by", "At the start", "At the end", "Words it doesn’t know")
        scrolling_table(columns, judge_rows(judgements), "Recognised by a second network")


def judge_rows(judged_runs: Sequence[tuple[PGDRun, Judgement]]) -> list[tuple[str, ...]]:
    """Return how many starts and pictures of runs other networks recognise."""
    runs = [run for run, _ in judged_runs]
    return [
        (
            run_title(run, runs),
            one_line(classifier_title(judgement.judge)),
            "" if judgement.before is None else counted(judgement.before, judgement.n),
            counted(judgement.after, judgement.n),
            f"{len(run.start) - judgement.n} of {len(run.start)}",
        )
        for run, judgement in judged_runs
    ]


# ---- stored holes --------------------------------------------------------------------------------------------------


def holes_alone() -> dict[str, Number]:
    """Return how often a second network recognises what is in a photo's stored hole from the hole alone, by what is in
    it.
    """
    filled = stored_kinds()["hole-views"]
    counts = [(str(method), count(f"hole-{method}")) for method in reversed(COMPARED)]
    counts.append(("original", int(filled.recognised(seen="alone_original").sum())))
    return {name: counted(number, filled.n) for name, number in counts}


@cached_by_files("runs")
def filled_html(sample_set: str) -> tuple[str, str]:
    """Return how many stored fillings of a set's holes a second network recognises from the hole alone, as a sentence,
    and the fillings with what it says of each, as HTML.
    """
    row, tiles, recognised = SAMPLE_SETS[sample_set], [], Counter[MethodName]()
    for index in sorted(row.holes):
        result = stored_example(counted_hole(row, index), (painter_name(),), COMPARED)
        if result is None:
            continue
        figures = []
        for run in result.runs:
            judgement = judgement_of(run, live=False)
            says, agrees = ("", False) if judgement is None else guess(judgement, 0)
            recognised[run.config.method.name] += agrees
            seen = f"{'✓' if agrees else '✕'} {says}"
            figures.append(Figure(seen, METHODS[run.config.method.name].title, to_picture(run.frames[-1, 0])))
        target = target_of(result.runs[0], 0)
        photo = ("inpainting-pictures", row.title), ("inpainting-picture", str(index))
        hole, word = hole_text(row.square(index)) or "", (word_parameter("inpainting", row), target)
        link = url.link("inpainting", *photo, ("inpainting-hole", hole), word)
        head = f'<a href="{html.escape(link)}">{html.escape(everyday_name(target))}</a>'
        tiles.append(f"<section>{head}{picture_row(figures)}</section>")
    views, papers = (recognised[method] or "none" for method in reversed(COMPARED))
    about = (
        f"With this page’s quick settings, the second network recognises {views} of {len(tiles)} holes filled with "
        f"{METHODS[COMPARED[-1]].caption}, and {papers} with {METHODS[COMPARED[0]].caption}. Below each picture is "
        "what it sees, shown only the hole."
    )
    return about, f'<div class="filled">{"".join(tiles)}</div>'


def explain_methods(container: DeltaGenerator, methods: Sequence[MethodName]) -> None:
    """Draw what each chosen method does differently from the paper's."""
    for method in methods:
        if about := METHODS[method].about:
            container.markdown(about)


def drawing_formulas(start: StartName, methods: Sequence[MethodName], rule: str) -> None:
    """Draw the formulas of a drawing. rule: how the displayed classes were chosen; may be empty."""
    left, right = st.columns(2, gap="large")
    left.markdown(_drawing_formula(start))
    explain_methods(right, methods)
    if rule:
        right.markdown(rule)


def _drawing_formula(start: StartName) -> str:
    """Return the start, the loss and its constraint as Markdown."""
    papers = paper.PGD_SETTINGS["generation"]
    return (
        rf"The start $x_0$: {STARTS[start].source[0].lower()}{STARTS[start].source[1:]} From it, $x$ minimises "
        r"$\;\mathrm{CE}(x, \mathrm{target})\;$ (Eq. 2) "
        r"within $\lVert x - x_0\rVert_2 \le \varepsilon$, by steps "
        r"$x \leftarrow \mathrm{clip}(\mathrm{project}(x - \alpha\, g / \lVert g\rVert_2), 0, 1)$. "
        rf"At {paper.IMAGE_SIZE} pixels the paper has $\varepsilon$ = {papers['epsilon']} and states no steps; "
        rf"the notebook of Santurkar et al. takes {papers['steps']} of $\alpha$ = {papers['step_size']}. Lengths scale "
        "with the picture’s size."
    )
