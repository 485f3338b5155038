"""Page *Models*: the card *Get the real CLIP*, and a table of all networks.

Nothing on this page imports torch.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import quote

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
from core.shared.roles import INSTEAD, RELATIONS
from core.shared.text import bdi
from ui.maps.catalogue import computed_maps, dataset_title, shipped_maps, stored_title
from ui.server.downloads import profile_maker, unprofiled, weight_downloads
from ui.shared import url
from ui.shared.tables import row_html, table_html
from ui.shared.url import as_markdown, format_size, one_line
from ui.story.data import far_from_clip
from ui.story.figures import real_clip_html

OPEN_CARD = "card"  # in the URL: the classifier whose card is open
_REDRAW_SECONDS = 0.5  # while a download runs
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
    st.caption(
        "Author, source and licence of every heat map, picture and network: `docs/files.md`. The commands that add a "
        "classifier, data set or map: `docs/extending.md`."
    )


def _busy() -> bool:
    """Return True if a download or the making of a profile is running."""
    return weight_downloads().running or profile_maker().running


def _networks() -> None:
    """Draw the card of the real CLIP, the table of networks, and the other downloads."""
    ticking, busy = st.session_state.setdefault("models.ticking", False), _busy()
    if ticking != busy:  # the first job began or the last one ended: the page starts or stops the timer
        st.session_state["models.ticking"] = busy
        st.rerun()
    with st.container(border=True, key="models-clip"):
        pictures, facts = st.columns([1, 1], gap="large")
        pictures.html(real_clip_html(""))
        with facts:
            _real_clip()
    with st.container(gap=None):
        st.html(table_html(["Network", "What it is", "On this machine", "Heat maps"], [], css_class="networks"))
        for spec in list_classifiers():
            with st.container(horizontal=True, vertical_alignment="center", key=f"models-row-{spec.name}"):
                st.html(table_html((), [_row(spec)], css_class="networks"))
                if spec.name != PAPERS_CLIP:
                    _download(spec)
    for reason in listed_classifiers().refused:
        st.warning(as_markdown(reason), icon=":material/warning:")


def _real_clip() -> None:
    """Draw what the paper's CLIP changes, its size, and its download or its profile."""
    spec, state = classifier_spec(PAPERS_CLIP), classifier_state(PAPERS_CLIP)
    ready, size = state.status == "ready", state.download_bytes
    st.header("The real CLIP is here" if ready else "Get the real CLIP", anchor=False)
    facts = {"Network": html.escape(f"{spec.title}, licence {spec.licence}")}
    if not ready:
        stand_in = stored_title(INSTEAD[PAPERS_CLIP])
        facts["Size, once"] = format_size(size)
        facts["Until then"] = html.escape(
            f"{stand_in}, a miniature: under a typical wave its error is {far_from_clip()} from CLIP’s"
        )
    facts |= {
        "On <i>Frequencies</i>": "it predicts beside its map, also among your own words",
        "<i>Fill a hole</i>, <i>Draw</i>": "open with it, on photographs and with any words",
    }
    if computed_maps(PAPERS_CLIP):
        facts["Profile"] = "installed: <i>Story</i>, <i>Findings</i> and stored runs show it"
    _facts(facts)
    _download(spec)
    _profile()


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
            help="Its heat map, the story’s pictures, hybrid images, corruptions, judged drawings, and the "
            "runs that *Fill a hole* and *Draw* open with: about ten minutes on two cores, beside visitors’ runs. "
            "Pressed again after an end of the server, it resumes.",
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
    state, path = classifier_state(spec.name), spec.weights.locate()
    size = "" if path is None else format_size(path.stat().st_size)
    to_get = "a download, above" if spec.name == PAPERS_CLIP else ""  # else its button stands there
    status = {"ready": f"✓ ready, {size}", "downloadable": to_get}.get(state.status, "✕ unavailable")
    name = f'<a href="{html.escape(url.link("models", (OPEN_CARD, spec.name)))}">{bdi(one_line(spec.title))}</a>'
    return row_html([html.escape(_role(spec)["short"]), status, _map_links(spec)], spec.name, name)


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
        card = re.sub(r"^#+ *(.*)$", r"**\1**", re.sub(r"(?<=\d)%", " %", card), flags=re.MULTILINE)  # no headings
        st.markdown(card, unsafe_allow_html=True)  # it comes with this project


def model_card(name: str) -> str | None:
    """Return a bundled model's card as Markdown; None if there is no such model or no card."""
    path = MODELS / name / "README.md"
    return path.read_text(encoding="utf-8") if name in bundled_specs() and path.is_file() else None
