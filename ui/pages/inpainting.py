"""Page *Fill a hole*: paint a hole into a picture and watch classifiers fill it by PGD on Eq. 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_title, short_title
from core.data.painted import Fill, hole_side, hole_text, read_hole, square_side
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.pictures import stored_outcomes
from core.pgd.run import RunPlan, inpainting_plan
from core.pgd.search import Search
from core.pgd.settings import RunKind
from core.shared import paper
from core.shared.numbers import confidence
from core.shared.text import TERMS
from ui.components.mask_painter import mask_painter
from ui.runs.examples import back_to_example, shown_first, stored_example, stored_row
from ui.runs.first_guess import FirstGuess, first_guess
from ui.runs.panel import head, places, run_details, run_panel, run_status, show_result, tabs
from ui.runs.run_sentences import VIEWS, sample_set_of, target_of
from ui.runs.setup.settings import OFFERED, RunSettings, choose_picture, set_searches
from ui.runs.setup.start import Toolbar, ask_for_run, choose_networks, run_state
from ui.runs.setup.state import RunRequest, RunResult
from ui.runs.stored_results import COMPUTED, MANY, ORIGIN, is_stored, many_pictures
from ui.server.model_cache import ready_classifiers
from ui.shared import url
from ui.shared.picture_choice import take_picture
from ui.shared.picture_rows import to_picture
from ui.shared.pictures import UPLOAD, Picture, samples
from ui.shared.text import as_markdown, one_line

PAGE: RunKind = "inpainting"
PAPERS = paper.RUNS[PAGE]
HOLE, EXAMPLES = f"{PAGE}-hole", f"{PAGE}-examples"  # in the URL
HOLES, FIRST_HOLES = f"{PAGE}.holes", f"{PAGE}.first_holes"  # by side: as painted, and as pictures begin
USUAL_TARGET = "What it shows: true class or first guess"
NO_TARGET = "the network has no first guess of your picture yet; choose a target, or a network"
WHERE_IT_LOOKS = "The hole lies where, of 25 places, it costs"
TITLE = "Can CLIP fill a hole?"
INTRO = (
    "The paper says that CLIP fills a hole until it is confident, yet we see only squiggles. What if every view must "
    "convince, or the network is robust?"
)
FAILS = (
    "With EfficientNet-Lite0 the search by views fills the hens’ hole with plumage and the polar bear’s with a polar "
    "bear’s head. The koala’s head comes back as fur without a face, and the tabby’s eye becomes curly fur. We looked "
    "at these results one by one."
)
FACELESS = "Neither search paints this animal’s face into its hole."
TARGET_WIDTH = 340  # pixels
BRUSH_SHARE = 28  # the brush's default radius is the picture's side divided by this


def page() -> None:
    """Draw the page."""
    head(TITLE, INTRO)
    toolbar, left, right = places(PAGE, painter=True)
    request = guess = None
    with left:
        picture = choose_picture(PAGE, _first_set().title, toolbar.subject)
        if picture is not None:
            request, guess = _controls(picture, toolbar)
        penalty = OFFERED[st.session_state.get(f"{PAGE}-penalty", next(iter(OFFERED)))]
        names, searches = ((), ()) if request is None else (request.names, request.searches)
        row = SAMPLE_SETS[next(iter(SAMPLE_SETS)) if picture is None else picture.kind]
        if (examples := stored_row(row.name, names)) is not None:
            count = len(examples.runs[0].start)
            toolbar.subject.button(f"{count} examples", on_click=show_result, args=(PAGE, examples), key=f"{PAGE}.row")
            _open_linked_examples(examples)
    with right:
        result = run_status(
            PAGE,
            lambda: stored_example(
                PAGE,
                row.name,
                shown_first(PAGE, row, names),
                penalty,
                searches,
                None if picture is None else picture.position,
            ),
            request,
            partial(_back, row),
            _bring,
        )
        run_panel(PAGE, result, request)
    with left:
        if result is not None and result.opened and len(result.runs[0].start) > 1:
            st.markdown(f"The result shows other pictures. Close {result.opened} to paint a hole into your own choice.")
        elif picture is not None:
            _painter(picture, guess)
            if not picture.own and picture.position in row.faceless and picture.position in row.holes:
                st.caption(FACELESS)
    parts: dict[str, Callable[[], None]] = {
        MANY: partial(many_pictures, row, penalty),
        COMPUTED: partial(_computed, searches),
        ORIGIN: partial(run_details, result),
    }
    tabs(parts, MANY if is_stored(row, penalty) else ORIGIN)


def _open_linked_examples(examples: RunResult) -> None:
    """Show the examples once if the URL requests them; the URL stores whether they are visible."""
    state = run_state(PAGE)
    if url.text(EXAMPLES) and st.session_state.setdefault(f"{EXAMPLES}.opened", False) is False:
        state.show(examples)
    st.session_state[f"{EXAMPLES}.opened"] = True
    is_open = state.result is not None and state.result.opened == examples.opened
    url.put(EXAMPLES, "shown" if is_open else None)


def _first_set() -> SampleSet:
    """Return the default sample set: that of a link's hole or classes, else the largest with a ready classifier."""
    rows = sorted(SAMPLE_SETS.values(), key=lambda row: -row.side)
    linked = [row for row in rows if read_hole(url.text(HOLE), row.side) is not None]
    linked = linked or [row for row in rows if url.names_class_set(PAGE, row.class_set)]
    ready = [row for row in rows if ready_classifiers(row.class_set)]
    return next(iter(linked or ready or rows))


def _first_hole(picture: Picture, guess: FirstGuess | None) -> np.ndarray:
    """Return the hole that a picture begins with: the chosen one, where the network looks, or until then the middle."""
    if guess is None or _has_chosen_hole(picture):
        return SAMPLE_SETS[picture.kind].hole(picture.position)
    return guess.hole


def _has_chosen_hole(picture: Picture) -> bool:
    row = SAMPLE_SETS[picture.kind]
    return not picture.own and picture.position in (row.inpainted, row.by_the_paper, *row.holes)


def _hole(picture: Picture, guess: FirstGuess | None) -> np.ndarray:
    """Return this visitor's hole for pictures of this side.

    It is shared by all of them, except that a picture's unchanged first hole is replaced by the next one's.
    """
    state, size = st.session_state, picture.size
    holes: dict[int, np.ndarray] = state.setdefault(HOLES, {})
    firsts: dict[int, np.ndarray] = state.setdefault(FIRST_HOLES, {})
    first = _first_hole(picture, guess)
    if size not in holes:
        linked = read_hole(url.text(HOLE), size)
        holes[size] = first if linked is None else linked
    elif np.array_equal(holes[size], firsts.get(size, first)):
        holes[size] = first
    firsts[size] = first
    return holes[size]


def _painter(picture: Picture, guess: FirstGuess | None) -> None:
    """Draw the picture with its hole."""
    size, hole = picture.size, _hole(picture, guess)
    mask_painter(
        to_picture(picture.pixels),
        hole,
        side=round(hole_side(st.session_state[FIRST_HOLES][size])),
        papers=square_side(size),
        radius=max(1, size // BRUSH_SHARE),
        key=f"{PAGE}.painter",
        on_paint=lambda mask: st.session_state[HOLES].__setitem__(size, mask),
        alt=picture.caption,
    )
    if guess is not None and not _has_chosen_hole(picture) and np.array_equal(hole, guess.hole):
        name = as_markdown(one_line(guess.name, 60))
        st.markdown(
            f"{WHERE_IT_LOOKS} {as_markdown(guess.network)} most: filled from its rim, “{name}” falls from "
            f"{confidence(guess.probability)} to {confidence(guess.filled)}. Paint another one as you like."
        )
        url.put(HOLE, None)  # the link's reader gets the same
        return
    text = hole_text(hole)
    if text is None:
        st.markdown("This hole has too many details for the URL, so a link to this page will not contain it.")
    url.put(HOLE, text)


def _controls(picture: Picture, toolbar: Toolbar) -> tuple[RunRequest | None, FirstGuess | None]:
    """Draw target, classifiers, settings and *Run*; return the request and the first guess."""
    specs = choose_networks(PAGE, picture.class_set, toolbar)
    if specs is None:
        return None, None
    looks = picture.label is None or not (_has_chosen_hole(picture) or _is_painted(picture))
    guess = first_guess(specs[0], picture) if specs and looks else None
    target, hole = _choose_target(picture, guess, toolbar), _hole(picture, guess)

    def plan(chosen: RunSettings) -> tuple[RunPlan, str]:
        planned = inpainting_plan(
            picture.pixels[None],
            hole,
            [target or "no target yet"],
            chosen.config,
            fill=chosen.fill,
            images=_origin(picture),
            weight=chosen.weight,
            penalty=chosen.penalty,
        )
        return planned, "" if target else NO_TARGET

    side = hole_side(hole) or None
    return ask_for_run(PAGE, specs, picture.class_set, picture.size, plan, toolbar, hole=side), guess


def _is_painted(picture: Picture) -> bool:
    """Return whether the visitor, or a link, has changed the hole of pictures of this side."""
    hole, first = (st.session_state.get(key, {}).get(picture.size) for key in (HOLES, FIRST_HOLES))
    if hole is None:
        return read_hole(url.text(HOLE), picture.size) is not None
    return first is None or not np.array_equal(hole, first)


def _choose_target(picture: Picture, guess: FirstGuess | None, toolbar: Toolbar) -> str:
    """Draw the target, which a menu changes; return it, empty if it is not known yet.

    Without a choice it is the true class of a bundled picture, and a network's own first guess of the visitor's.
    """
    key, names = f"{PAGE}-target-{picture.class_set}", picture.classes.names
    target = st.session_state.get(key) or url.text(key) or USUAL_TARGET
    about = ""
    if target == USUAL_TARGET:
        if picture.label is not None:
            target, about = names[picture.label], ", its true class"
        elif guess is not None:
            target, about = guess.name, f", its own first guess, {confidence(guess.probability)}"
        else:
            target = ""
    label = f"{as_markdown(one_line(target, 40)) or 'Target'}{about} · change"
    with toolbar.subject.popover(label, icon=":material/target:", key=f"{PAGE}.target"):
        st.selectbox(
            "Target (CLIP: any text)",
            [USUAL_TARGET, *dict.fromkeys(names)],
            key=key,
            bind="query-params",
            accept_new_options=True,
            width=TARGET_WIDTH,
        )
    return target


def _bring(result: RunResult) -> None:
    """Load a run's picture, hole and target into the painter, if they fit; for callbacks."""
    run, state = result.runs[0], st.session_state
    row, facts = sample_set_of(run), run.metadata["images"]
    if row is None or run.original is None or run.mask is None or run.original.shape != (1, 3, row.side, row.side):
        return
    place, original = facts.get("index"), run.original[0]
    known = facts.get("dataset") == row.dataset and isinstance(place, int) and 0 <= place < len(samples(row.name))
    if known and np.array_equal(samples(row.name).images[place], original):
        take_picture(PAGE, row.name, place, url_prefix=f"{PAGE}-")
    else:
        credit = one_line(facts.get("credit") or "the picture of the run", 60)
        take_picture(PAGE, UPLOAD, Picture(original, None, row.name, 0, credit, own=True), url_prefix=f"{PAGE}-")
    state.setdefault(HOLES, {})[row.side] = run.mask[0]
    state[f"{PAGE}-target-{row.class_set}"] = target_of(run, 0)
    titles = list(dict.fromkeys(classifier_title(run.metadata["classifier"]["name"]) for run in result.runs))
    if {spec.title for spec in ready_classifiers(row.class_set)}.issuperset(titles):
        state[f"{PAGE}-models-{row.class_set}"] = titles
    set_searches(PAGE, row.side, [run.config.search for run in result.runs], facts.get("fill") or "region")


def _back(row: SampleSet) -> None:
    """Apply the settings of the stored example."""
    state, label = st.session_state, next(iter(OFFERED))
    state.setdefault(f"{PAGE}.places", {})[row.name] = row.inpainted
    hole = state.setdefault(HOLES, {})[row.side] = row.hole(row.inpainted)
    chosen = {"pictures": row.title, f"target-{row.class_set}": USUAL_TARGET, "penalty": label}
    back_to_example(PAGE, row, OFFERED[label], chosen, hole_side(hole))


def _origin(picture: Picture) -> dict[str, object]:
    """Return the origin of a picture for the run's file."""
    if picture.caption in picture.classes.names:
        row = SAMPLE_SETS[picture.kind]
        credit = f"{row.title} test image of class {picture.caption}"
        return {"dataset": row.dataset, "index": picture.position, "credit": credit}
    return {"dataset": "one picture", "index": picture.position, "credit": picture.caption}


def _computed(searches: Sequence[Search]) -> None:
    loss, more = st.columns(2, gap="large")
    loss.markdown(formula(st.session_state.get(f"{PAGE}-fill", "region")), help=f"Eq. 3: {TERMS['Eq. 3']}.")
    for title, text in explanations(searches).items():  # collapsed, to keep a phone's page short
        more.expander(title).markdown(text)


def formula(fill: Fill) -> str:
    """Return the loss and its constraints as Markdown."""
    filled = "its mean colour fills" if fill == "region" else "the colours of its rim, extended smoothly, fill"
    return (
        rf"First, {filled} the hole, which gives $x_0$. With $m$ = 1 in the hole, $x$ minimises "
        r"$\;\mathrm{CE}(x, \mathrm{target}) + \lambda\,\lVert (x_0 - x)(1 - m)\rVert_2\;$ (Eq. 3) within "
        rf"$\lVert x - x_0\rVert_2 \le \varepsilon$. At {paper.IMAGE_SIZE} pixels the paper takes "
        rf"$\lambda$ = {PAPERS['weight']:g}, $\varepsilon$ = {PAPERS['epsilon']} and {PAPERS['steps']} steps of "
        f"{PAPERS['step_size']}; lengths scale with the picture's side, the budget with the hole's too."
    )


def explanations(searches: Sequence[Search]) -> dict[str, str]:
    """Return further explanations as Markdown, by title."""
    minimised = (
        r"This penalty is **exact**: the minimum changes nothing outside the hole while the cross-entropy's gradient "
        r"$g$ there is shorter than $\lambda$. Forward-backward steps find it: a step of length $t$ against "
        r"$g$, then for the change $y$ outside $y \leftarrow (1 - t\lambda / \lVert y\rVert_2)_+\,y$ (Combettes & "
        "Wajs 2005), the projection onto the ball, the clip."
    )
    by_views = {"The search by views": VIEWS, "How often": _holes_alone(), "Where it fails": FAILS}
    by_views = {title: text for title, text in by_views.items() if text} if "views" in searches else {}
    return {"How Eq. 3 is minimised": minimised} | by_views


def _holes_alone() -> str:
    """Return how often the first judge recognises what is in a photograph's hole from the hole alone; may be empty."""
    stored = stored_outcomes()
    pair = stored.pair("hole") if stored is not None else None
    if stored is None or pair is None:
        return ""
    pixels, views = pair
    counts = {
        "as filled by views": int(views.recognised(seen="alone").sum()),
        "by pixels": int(pixels.recognised(seen="alone").sum()),
        "before": int(views.recognised(seen="alone_start").sum()),
        "in the originals": int(views.recognised(seen="alone_original").sum()),
    }
    said = ", ".join(f"{count} {what}" for what, count in counts.items())
    return f"Of {views.n} holes, seen alone, {short_title(classifier_title(stored.judges[0]))} recognises {said}."
