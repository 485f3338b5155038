"""Table of classifiers: a row each with status and download, details on demand."""

from __future__ import annotations

import re
from urllib.parse import quote

import streamlit as st

from core.classifiers.families import ClassifierSpec, ClassifierState
from core.classifiers.registry import PAPERS_CLIP, classifier_state, list_classifiers, model_card
from core.classifiers.weights import STALL_SECONDS
from core.shared.roles import RELATIONS
from core.shared.text import tooltip
from ui.maps.catalogue import dataset_title, shipped_maps
from ui.server.downloads import WeightDownload, weight_downloads
from ui.shared import url
from ui.shared.text import as_markdown, one_line

TITLE_WIDTH, STATUS_WIDTH = 330, 200  # pixels
# Format in the model cards: '77.80 % (95 % interval 76.97 % to 78.60 %, n = 10,000)'.
_INTERVAL = re.compile(r"(\d+(?:[.,]\d+)*(?: %| points)?) \((?:95 % interval )?([^() ]+(?: %)? to [^()]*)\)")
REQUESTED = "models.requested"  # this visitor's downloads, by classifier: only they see a failure


def classifier_table() -> None:
    """Draw the table."""
    with st.container(key="models-table"):
        for spec in list_classifiers():
            with st.container(horizontal=True, vertical_alignment="center", key=f"models-row-{spec.name}"):
                _row(spec, classifier_state(spec.name), weight_downloads().get(spec.name))
            _failure(spec)


def linked_card() -> None:
    """Draw the card of the classifier named in the URL."""
    for spec in list_classifiers():
        if spec.name == url.text(url.CARD):
            with st.expander(as_markdown(one_line(spec.title)), expanded=True):
                _details(spec, classifier_state(spec.name))


def _role(spec: ClassifierSpec) -> dict[str, str]:
    return RELATIONS.get(spec.name, {"short": "Added on this server; not in the paper"})


def _row(spec: ClassifierSpec, state: ClassifierState, download: WeightDownload | None) -> None:
    st.markdown(f"**{as_markdown(one_line(spec.title))}**", width=TITLE_WIDTH)
    st.markdown(_role(spec)["short"], width="stretch")
    with st.container(width=STATUS_WIDTH):
        if download is not None and download.status == "running":
            st.progress(download.fraction or 0.0, text=_progress_text(download))
        elif state.status == "downloadable":
            _download_button(spec, state)
        elif state.status == "ready":
            st.markdown(f":green-badge[:material/check_circle: ready] {_size(spec)}")
        else:
            st.markdown(":gray-badge[:material/block: unavailable]")
    with st.popover("Details", help=f"Maps, licence, source and model card of {spec.title}"):
        _details(spec, state)


def _download_button(spec: ClassifierSpec, state: ClassifierState) -> None:
    """Draw a button with the download's size that starts the download for this visitor."""
    st.button(
        f"Download ({format_size(state.download_bytes)})",
        key=f"models.download.{spec.name}",
        type="primary" if spec.name == PAPERS_CLIP else "secondary",
        help=f"{spec.title}. {state.detail} It stays on the machine that runs this app, for all visitors.",
        on_click=_ask,
        args=(spec,),
    )


def _ask(spec: ClassifierSpec) -> None:
    st.session_state.setdefault(REQUESTED, {})[spec.name] = weight_downloads().start(spec)


def _failure(spec: ClassifierSpec) -> None:
    """Show why this visitor's download failed, if it did and none is running again."""
    last = weight_downloads().get(spec.name)
    if last is not None and last.status == "failed" and last is st.session_state.get(REQUESTED, {}).get(spec.name):
        st.error(last.error, icon=":material/error:")


def _size(spec: ClassifierSpec) -> str:
    """Return the size of the weight file on this machine, else of the download."""
    path = spec.weights.locate()
    return format_size(path.stat().st_size if path is not None else spec.download_bytes or None)


def _maps(spec: ClassifierSpec) -> str:
    """Return links to this classifier's shipped maps: for each data set the first, which has the most images."""
    links: dict[str, str] = {}
    for label, entry in shipped_maps().items():
        if entry.classifier == spec.name:
            data = dataset_title(entry.heatmap.metadata["dataset"]["name"]).split(",")[0]
            links.setdefault(data, f"[{data}](frequency?maps={quote(label)})")
    return f"Heat maps: {', '.join(links.values())}" if links else ""


def _details(spec: ClassifierSpec, state: ClassifierState) -> None:
    role = _role(spec)
    side = f"{spec.image_size} px" if spec.image_size else "size as configured"
    source = f"[source]({spec.source})" if spec.source.startswith("http") else spec.source
    st.markdown(f"**{spec.title}**: {role['short']}. {role.get('more', '')}")
    st.markdown(
        f"{spec.kind} · {side} · licence {spec.licence} · {source}  \nName in commands: `{spec.name}`  \n"
        f"Weights: {spec.weights_id}"
    )
    for more in (_maps(spec), state.detail, spec.weights.pinned() if spec.weights.origin else ""):
        if more:
            st.markdown(more)
    if card := model_card(spec.name):
        card = re.sub(r"^#+ *(.*)$", r"**\1**", re.sub(r"(?<=\d)%", " %", card), flags=re.MULTILINE)  # no headings
        card = _INTERVAL.sub(lambda match: tooltip(match[1], f"95 % interval ({match[2]})"), card)
        st.markdown(card, unsafe_allow_html=True)  # it comes with this project


def _progress_text(download: WeightDownload) -> str:
    total, silent = format_size(download.total), download.silent_seconds
    if silent >= STALL_SECONDS:
        return f"{format_size(download.received or 0)} of {total}, no data for {silent:.0f} s"
    if download.received is None:
        return f"Downloading {total}, {download.seconds:.0f} s so far"
    return f"{format_size(download.received)} of {total}"


def format_size(count: int | None) -> str:
    """605143284 -> '605 MB', 3471733 -> '3.5 MB'; None -> 'size unknown'."""
    if count is None:
        return "size unknown"
    megabytes = count / 1e6
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"
