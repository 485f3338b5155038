"""Page *Inpainting*: paint a hole into a picture and watch classifiers fill it, by PGD on Eq. 3."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import paper
from core.classifiers.registry import ClassifierSpec
from core.images.masks import random_square_mask, square_mask, square_side
from core.pgd.config import paper_inpainting
from core.runs.plan import inpainting_plan
from core.runs.stored import INPAINTED
from ui.components.mask_painter import mask_painter
from ui.runs.examples import stored_example
from ui.runs.figures import to_picture
from ui.runs.hole_url import hole_text, read_hole
from ui.runs.panel import refuse, run_button, run_panel, start_run
from ui.runs.settings import RunSettings, choose_classifiers, run_settings
from ui.shared.model_cache import NONE_READY, ready_classifiers
from ui.shared.picture_choice import choose_picture
from ui.shared.pictures import Picture

PAGE = "inpainting"
HOLE = f"{PAGE}-hole"  # in the URL
HOLES, PLACES = f"{PAGE}.holes", f"{PAGE}.places_drawn"
TRUE_CLASS = "its true class"
MAX_STEPS = 2000
BRUSH_SHARE = 28  # a brush's first radius is this part of the picture's side


def page() -> None:
    """Draw the page."""
    st.title("Can CLIP fill a hole?")
    st.markdown(
        "A classifier that sees what we see should be able to **repair a picture**. Paint a hole, and gradient descent "
        "changes the picture until the classifier is confident of the target class, mostly inside the hole. The "
        "paper's finding: CLIP becomes confident although the hole hardly changes; a robust model has to draw "
        "something. In small pictures it draws only with the **mean-square penalty** (in the settings)."
    )
    painted, beside = st.columns([4, 5], gap="large")
    with painted:
        picture = choose_picture(PAGE, url_prefix=f"{PAGE}-", first=INPAINTED)
        mask = None if picture is None else _hole(picture)
    with beside:
        specs, penalty = _controls(picture, mask) if picture is not None and mask is not None else ((), "norm")
        size, names = None if picture is None else picture.size, [spec.name for spec in specs]
        run_panel(PAGE, lambda: stored_example(PAGE, size, names, penalty))
    _formula()


def _hole(picture: Picture) -> np.ndarray:
    """The painter; returns the hole, which pictures of the same size share."""
    size = picture.size
    side = square_side(size)
    holes: dict[int, np.ndarray] = st.session_state.setdefault(HOLES, {})
    if size not in holes:
        middle = square_mask((size // 2, size // 2), side, height=size, width=size)
        given = read_hole(st.query_params.get(HOLE, ""), size)
        holes[size] = middle if given is None else given
    mask_painter(
        to_picture(picture.pixels),
        holes[size],
        side=side,
        radius=max(1, size // BRUSH_SHARE),
        key=f"{PAGE}.painter",
        on_paint=lambda mask: holes.__setitem__(size, mask),
        on_random=lambda: holes.__setitem__(size, _random_place(size, side)),
        alt=picture.caption,
    )
    text = hole_text(holes[size])
    if text is None:
        st.caption("This hole is too ragged for the URL: a link to this page will hold another one.")
        st.query_params.pop(HOLE, None)
    elif st.query_params.get(HOLE) != text:
        st.query_params[HOLE] = text
    return holes[size]


def _random_place(size: int, side: int) -> np.ndarray:
    """The paper's hole: the next of a row of places that is the same for every visitor."""
    drawn = st.session_state[PLACES] = st.session_state.get(PLACES, 0) + 1
    return random_square_mask(side, height=size, width=size, generator=np.random.default_rng(drawn))


def _controls(picture: Picture, mask: np.ndarray) -> tuple[tuple[ClassifierSpec, ...], str]:
    """Target, classifiers, settings and the button that starts; returns the chosen classifiers and penalty."""
    ready = ready_classifiers(picture.class_set)
    if not ready:
        st.info(NONE_READY)
        return (), "norm"
    target = st.selectbox(
        "Target: a class, or for CLIP any text",
        [TRUE_CLASS, *dict.fromkeys(picture.classes.names)],
        key=f"{PAGE}-target-{picture.class_set}",
        bind="query-params",
        accept_new_options=True,
    )
    if target == TRUE_CLASS and picture.label is not None:
        st.caption(f"True class: {picture.classes.names[picture.label]}")
    specs = choose_classifiers(ready, key=f"{PAGE}-models-{picture.class_set}")
    settings = run_settings(
        PAGE, paper_inpainting(picture.size), picture.size, max_steps=MAX_STEPS, weight=paper.PENALTY_WEIGHT
    )
    if run_button(PAGE):
        _start(picture, mask, target, specs, settings)
    return specs, settings.penalty


def _start(
    picture: Picture,
    mask: np.ndarray,
    target: str | None,
    specs: tuple[ClassifierSpec, ...],
    settings: RunSettings,
) -> None:
    """Start the run, or say in one sentence why not."""
    if target == TRUE_CLASS:
        target = None if picture.label is None else picture.classes.names[picture.label]
    try:
        if not specs:
            raise ValueError("no classifier is chosen; choose one or two")
        if not target:
            raise ValueError("your picture has no true class; choose a target, or say what the picture shows")
        plan = inpainting_plan(
            picture.pixels[None],
            mask,
            [target],
            settings.config,
            images=_origin(picture),
            weight=settings.weight,
            penalty=settings.penalty,
        )
    except ValueError as error:
        refuse(str(error))
        return
    start_run(PAGE, plan, tuple(spec.name for spec in specs), picture.class_set)


def _origin(picture: Picture) -> dict[str, object]:
    """Where a picture comes from, for the run's file."""
    if picture.class_set == "cifar10" and picture.caption in picture.classes.names:
        credit = f"CIFAR-10 test image of class {picture.caption}"
        return {"dataset": "cifar10-samples", "index": picture.position, "credit": credit}
    return {"dataset": "one picture", "index": picture.position, "credit": picture.caption}


def _formula() -> None:
    with st.expander("What is computed", icon=":material/function:"):
        st.markdown(
            r"The hole is first filled with its mean colour, which gives $x_0$. Then, with $m$ = 1 in the hole, "
            r"$x$ minimises $\;\mathrm{CE}(x, \mathrm{target}) + \lambda\,\lVert (x_0 - x)(1 - m)\rVert_2\;$ (Eq. 3) "
            r"within $\lVert x - x_0\rVert_2 \le \varepsilon$, by steps "
            r"$x \leftarrow \mathrm{clip}(\mathrm{project}(x - \alpha\, g / \lVert g\rVert_2), 0, 1)$. At 224 pixels "
            r"the paper takes $\lambda$ = 10, $\varepsilon$ = 21.6, $\alpha$ = 0.1, 720 steps and a hole of 60 × 60; "
            "here lengths scale with the picture's side."
        )
        st.markdown(
            r"Near $x_0$ the gradient of the printed norm has full length however small the change, so steps of "
            r"constant size end up swinging about $x_0$, and the loss stays above about $\lambda\alpha/2$ (0.5 at "
            r"224 pixels, 0.07 at 32, with these numbers): **the paper's 2 × 10⁻⁴ is not reachable with Eq. 3 as "
            r"printed.** The penalty in the notebook of Santurkar et al., "
            r"$\lambda\cdot\mathrm{mean}\,((x_0 - x)(1 - m))^2$, has no such floor; it can be chosen under *Settings*."
        )
