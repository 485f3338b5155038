"""Page *Models*: the four networks that a visitor meets, each with its part, and a folded table of all.

Nothing on this page imports torch.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import streamlit as st

from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import (
    MODELS,
    PAPERS_CLIP,
    bundled_specs,
    classifier_spec,
    classifier_state,
    list_classifiers,
    listed_classifiers,
    result_title,
)
from core.data.picture_files import png_data_uri
from core.data.sample_sets import CLASS_SETS, SAMPLE_SETS, usual_epsilon
from core.fourier.heatmap import colormap_table
from core.pgd.drawings import drawn_sketches, judge_name, painted_path
from core.shared.numbers import join_list
from core.shared.roles import INSTEAD, RELATIONS, networks_for
from core.shared.text import bdi, with_article
from core.sweep.answers import SIGNS_SEED
from core.sweep.predict import wave_on_image
from ui.components.mount import lossy_data_uri
from ui.maps.catalogue import (
    FIRST_PRESET,
    Predictor,
    choose_predictors,
    computed_maps,
    dataset_title,
    shipped_maps,
    stored_title,
)
from ui.runs.known_words import about_words
from ui.runs.second_opinion import guess
from ui.server.cache import is_ready, ready_classifiers
from ui.server.downloads import profile_maker, unprofiled, weight_downloads
from ui.shared import url
from ui.shared.page_pictures import enlarge, picture_kinds, sample_picture, to_picture
from ui.shared.tables import row_html, table_html
from ui.shared.url import as_markdown, format_size, one_line
from ui.story.data import far_from_clip

FIRST_SET = picture_kinds()[FIRST_PRESET.pictures]
_PAGES = {"generation": "Paint", "inpainting": "Fill a hole", "frequency": "Frequencies"}
CLIPS_PART = "clip"
OPEN_CARD = "card"  # in the URL: the classifier with an open card
_REDRAW_SECONDS = 0.5  # while a download runs
_COUNTS = {1: "one", 2: "two", 3: "three", 4: "four"}
_REQUESTED = "models.requested"  # this visitor's downloads, by classifier: only they see a failure


def page() -> None:
    """Draw the page."""
    st.title("Models", anchor=False)
    for spec in list_classifiers():
        if spec.name == url.text(OPEN_CARD):
            with st.expander(as_markdown(one_line(spec.title)), expanded=True):
                _card(spec)
    # Reruns on a timer only while something is in progress: each rerun redraws the table.
    st.fragment(_networks, run_every=_REDRAW_SECONDS if _busy() else None)()


def _busy() -> bool:
    """Return True if a download or the making of a profile is running."""
    return weight_downloads().running or profile_maker().running


def _networks() -> None:
    """Draw the parts that networks have in this app, and, folded, the table of all networks with their downloads."""
    ticking, busy = st.session_state.setdefault("models.ticking", False), _busy()
    if ticking != busy:  # the first job began or the last one ended: the page starts or stops the timer
        st.session_state["models.ticking"] = busy
        st.rerun()
    every = parts()
    st.html(f'<p class="prose models-lead">{who_works(every)}</p>')
    for part in every:
        with st.container(key=f"models-part-{part.name}"):
            st.html(_part_html(part))
            if part.name == CLIPS_PART:  # another part may also have CLIP once it is here
                _download(classifier_spec(PAPERS_CLIP))
                _profile()
    specs = list_classifiers()
    with st.expander(f"All {len(specs)} networks, with their heat maps", key="models-all"):
        st.html(table_html(["Network", "What it is", "On this machine", "Heat maps"], [], css_class="networks"))
        for spec in specs:
            with st.container(horizontal=True, vertical_alignment="center", key=f"models-row-{spec.name}"):
                st.html(table_html((), [_row(spec)], css_class="networks"))
                if spec.name != PAPERS_CLIP:
                    _download(spec)
        st.caption(
            "`docs/files.md` names the author, source and licence of each. `docs/extending.md` has the commands that "
            "add a network, a data set or a map."
        )
    for reason in listed_classifiers().refused:
        st.warning(as_markdown(reason), icon=":material/warning:")


@dataclass(frozen=True)
class Part:
    """Networks with the same task in this app.

    name: short, unique. heading: what they do. networks: registry names. about: sentences, HTML. picture: URL.
    """

    name: str
    heading: str
    networks: tuple[str, ...]
    about: str
    picture: str


def parts() -> list[Part]:
    """Return who paints, judges and answers under waves on this machine, and the paper's CLIP."""
    ready = {spec.name: spec for spec in list_classifiers() if is_ready(spec.name)}
    (painter,) = networks_for("painter", ready)
    known = ready[painter].vocabulary
    knows = f"one of the {about_words(CLASS_SETS[known]())} it knows" if known in CLASS_SETS else "any sentence"
    chosen = [shipped_maps()[label] for label in FIRST_PRESET.maps]
    class_set = SAMPLE_SETS[FIRST_SET].class_set
    answering = choose_predictors(chosen, ready_classifiers(class_set), class_set)
    stand_in = _stand_in(answering)
    draw, fill, waves = (f'<a href="{path}">{name}</a>' for path, name in _PAGES.items())
    judgements = {name: sketch.drawings["views"].judgements[0] for name, sketch in drawn_sketches().items()}
    first, *others = judgements
    surest = max(others, key=lambda name: judgements[name].shares[0])
    drawing, judged = (lossy_data_uri(painted_path("sketch", name, "views")) for name in (first, surest))
    seen, _ = guess(judgements[surest], 0)
    return [
        Part("paints", "Paints", (painter,), "Changes a picture until it shows what you ask for: "
             f"{knows}. You see it on {draw} and {fill}.", drawing),
        Part("judges", "Judges", (judge_name(),), "Looks at each finished painting without being told the "
             f"word, and says what it sees: here {html.escape(with_article(seen))}. It never paints.", judged),
        Part("answers", "Answer while you add waves", tuple(row.spec.name for row in answering), f"On {waves}, they "
             f"tell you what they see while you add a wave to a small picture. {stand_in}", _wave_picture()),
        Part(CLIPS_PART, "CLIP itself", (PAPERS_CLIP,), _about_clip(), _map_picture()),
    ]  # fmt: skip


def who_works(every: Sequence[Part]) -> str:
    """Return in one sentence or two who does what, of the parts of this machine."""
    answering = next(part.networks for part in every if part.name == "answers")
    small = f"{_COUNTS.get(len(answering), str(len(answering)))} {'answers' if len(answering) == 1 else 'answer'}"
    clip = "CLIP is also installed." if is_ready(PAPERS_CLIP) else "You can download CLIP itself."
    return f"One network paints, one judges, and {small} while you add waves. {clip}"


def _stand_in(answering: Sequence[Predictor]) -> str:
    """Return which of the networks that answer under waves answer in another's place."""
    substitutes = [predictor for predictor in answering if predictor.of]
    of = join_list([stored_title(predictor.of) for predictor in substitutes])
    if not of:
        return "They are the maps’ own networks."
    if len(substitutes) == len(answering) > 1:
        return f"They stand in for {of}."
    names = join_list([predictor.title for predictor in substitutes])
    return f"{names} {'stands' if len(substitutes) == 1 else 'stand'} in for {of}."


def _about_clip() -> str:
    """Return what the paper's CLIP adds, or that it is here."""
    if is_ready(PAPERS_CLIP):
        made = computed_maps(PAPERS_CLIP)
        profile = " Story and Findings show what it did on this machine." if made else ""
        return f"Matches pictures with words. It paints any sentence, and answers next to its own map.{profile}"
    return (
        "Matches pictures with words. With it you can paint any sentence instead of single words, and see CLIP’s own "
        f"answers next to its map. Until then {stored_title(INSTEAD[PAPERS_CLIP])} stands in. It’s only a rough "
        f"substitute: its error typically differs from CLIP’s by {far_from_clip()}."
    )


def _wave_picture() -> str:
    """Return a URL of the first sample under the first wave."""
    picture = sample_picture(FIRST_SET, SAMPLE_SETS[FIRST_SET].first)
    image = wave_on_image(
        picture.image, FIRST_PRESET.frequency, usual_epsilon(picture.size), seed=SIGNS_SEED, position=picture.position
    )
    return png_data_uri(enlarge(to_picture(image), 160))


def _map_picture() -> str:
    """Return a URL of CLIP's map."""
    rates = shipped_maps()[FIRST_PRESET.maps[0]].heatmap.rate()
    return png_data_uri(enlarge(colormap_table("viridis")[np.rint(255 * np.nan_to_num(rates)).astype(int)], 160))


def _part_html(part: Part) -> str:
    """Return a row: a picture, what networks do, their names with links to their cards, and where they are."""
    specs = [classifier_spec(name) for name in part.networks]
    names = join_list([_name_link(spec) for spec in specs])
    states = {_status(spec) for spec in specs} if len(specs) == 1 else {_statuses(specs)}
    return (
        f'<div class="part"><div class="part-picture" style="background-image:url({part.picture})"></div><div>'
        f"<h2>{part.heading}</h2><p>{names} <small>{', '.join(filter(None, states))}</small></p>"
        f"</div><p>{part.about}</p></div>"
    )


def _statuses(specs: Sequence[ClassifierSpec]) -> str:
    """Return the shared status of several networks: 'both ready'."""
    statuses = {classifier_state(spec.name).status for spec in specs}
    return "✓ ready" if statuses == {"ready"} else ""


def _facts(rows: Mapping[str, str]) -> None:
    """Draw a table of two columns. rows: HTML by head."""
    st.html(f'<table class="facts">{"".join(row_html([text], head=head) for head, text in rows.items())}</table>')


def _profile() -> None:
    """Draw the progress of a profile, or a button that makes or resumes the first CLIP's that lacks one."""
    maker = profile_maker()
    if maker.running:
        st.progress(maker.fraction, text=f"Profile of {as_markdown(maker.title)}: {as_markdown(maker.what)}.")
        return
    if maker.error:
        st.warning(as_markdown(maker.error), icon=":material/warning:")
    for spec in unprofiled()[:1]:
        st.button(
            f"Make the profile of {as_markdown(one_line(spec.title))}",
            help="Computes its heat map, the story’s pictures and the runs that *Fill a hole* and *Paint* open with. "
            "This takes about ten minutes on two cores. If the server ends before that, press again and it resumes.",
            on_click=profile_maker().start,
            args=(spec,),
            key="models.profile",
        )


def _download(spec: ClassifierSpec) -> None:
    """Draw a button that downloads a classifier for this visitor, its progress, or why it failed; nothing if ready."""
    state, download = classifier_state(spec.name), weight_downloads().get(spec.name)
    if state.status != "downloadable" and (download is None or not download.running):
        return
    with st.container(width="content", key=f"models-download-{spec.name}"):
        if download is not None and download.running:
            text = f"{format_size(download.received)} of {format_size(download.total)}"
            st.progress(download.fraction, text, width=240)
            return
        size = format_size(state.download_bytes)
        st.button(
            f"Download ({size})",
            key=f"models.download.{spec.name}",
            type="primary" if spec.name == PAPERS_CLIP else "secondary",
            icon=":material/download:",
            help=f"{spec.title}. {state.detail} It stays on the machine that runs this app, for all visitors.",
            on_click=_request,
            args=(spec,),
        )
        if download is not None and download is st.session_state.get(_REQUESTED, {}).get(spec.name):
            st.error(download.error, icon=":material/error:")


def _request(spec: ClassifierSpec) -> None:
    st.session_state.setdefault(_REQUESTED, {})[spec.name] = weight_downloads().start(spec)


def _row(spec: ClassifierSpec) -> str:
    """Return a classifier's row of the table, in which a download's button has its place."""
    status = _status(spec) or ("not yet; download it above" if spec.name == PAPERS_CLIP else "")
    return row_html([html.escape(_role(spec)["short"]), status, _map_links(spec)], spec.name, _name_link(spec))


def _status(spec: ClassifierSpec) -> str:
    """Return whether a network is on this machine, with its size; empty where a button offers it."""
    state, path = classifier_state(spec.name), spec.weights.locate()
    size = "" if path is None else f", {format_size(path.stat().st_size)}"
    return {"ready": f"✓ ready{size}", "downloadable": ""}.get(state.status, "✕ unavailable")


def _name_link(spec: ClassifierSpec) -> str:
    return f'<a href="{html.escape(url.link("models", (OPEN_CARD, spec.name)))}">{bdi(one_line(spec.title))}</a>'


def _role(spec: ClassifierSpec) -> dict[str, str]:
    return RELATIONS.get(spec.name, {"short": "Added on this server; not in the paper"})


def _map_links(spec: ClassifierSpec) -> str:
    """Return links to a classifier's shipped maps: for each data set, and for other weights, the first."""
    links: dict[str, str] = {}
    for label, entry in shipped_maps().items():
        if entry.classifier == spec.name:
            facts = entry.heatmap.metadata
            text = dataset_title(facts["dataset"]["name"]).split(",")[0]
            if (title := result_title(facts["classifier"], short=False)) != spec.title:
                text += f", {html.escape(title)}"
            links.setdefault(text, f'<a href="frequency?maps={quote(label)}">{text}</a>')
    return ", ".join(links.values())


def _card(spec: ClassifierSpec) -> None:
    """Draw a classifier's card: its facts and, of a bundled one, its model card."""
    st.markdown(f"{_role(spec)['short']}. {_role(spec).get('more', '')}")
    source = html.escape(spec.source)
    _facts({
        "Kind": spec.kind,
        "Input": f"{spec.image_size} × {spec.image_size} px" if spec.image_size else "size as configured",
        "Licence": html.escape(spec.licence),
        "Source": f'<a href="{source}">{source}</a>' if spec.source.startswith("http") else source,
        "Name in commands": f"<code>{html.escape(spec.name)}</code>",
        "Weights": html.escape(f"{spec.weights_id}. {spec.weights.pinned() if spec.weights.origin else ''}"),
        "On this machine": html.escape(classifier_state(spec.name).detail or "ready"),
        "Heat maps": _map_links(spec) or "none",
    })  # fmt: skip
    if card := model_card(spec.name):
        card = re.sub(r"^#+ *(.*)$", r"**\1**", card, flags=re.MULTILINE)  # no headings
        st.markdown(card, unsafe_allow_html=True)  # it comes with this project


def model_card(name: str) -> str | None:
    """Return a bundled model's card as Markdown; None if there is no such model or no card."""
    path = MODELS / name / "README.md"
    return path.read_text(encoding="utf-8") if name in bundled_specs() and path.is_file() else None
