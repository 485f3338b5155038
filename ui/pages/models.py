"""Page *Models and data*: what is here, what can be fetched, where it all comes from, and how to add to it.

Nothing on this page imports torch, unless the visitor asks for the device.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from core.classifiers.bundled import bundled_specs, model_card
from core.classifiers.registry import classifier_state, list_classifiers
from core.classifiers.spec import ClassifierSpec, ClassifierState
from core.data.store import available_memory
from ui.models.adding import HOW_TO
from ui.models.data_tables import maps_table, samples_tables
from ui.models.weight_downloads import WeightDownload, weight_downloads
from ui.shared.machine import cores, detect_device, installed_memory, known_device, versions

REDRAW_SECONDS = 0.5  # while a download runs
CARDS_IN_A_ROW = 3

# What each classifier is to the paper.
ROLES = {
    "clip-vit-b-32": "**The paper's CLIP**, with OpenAI's own weights. "
    "What the paper says about CLIP it says about this one.",
    "resnet-50": "The paper's comparison on ImageNet100.",
    "resnet-56": "The paper's comparison on CIFAR-10.",
    "clip-vit-b-32-robust": "A full-size CLIP made robust by adversarial fine-tuning. Not in the paper's heat maps; it "
    "descends from LAION's CLIP, `open_clip:ViT-B-32/laion2b_s34b_b79k`, not from OpenAI's.",
    "efficientnet-lite0": "A full-size ImageNet network that is installed together with the app, so that photographs "
    "can be classified without any download. Not in the paper.",
    "mini-clip": "A small CLIP trained for this project on CIFAR-10 pictures and captions, so that everything runs at "
    "once anywhere. Not the paper's CLIP.",
    "mini-clip-robust": "Mini CLIP after adversarial fine-tuning of its image tower (L2, 0.5): a robust CLIP in "
    "miniature. Not in the paper.",
    "mini-resnet": "A small network trained for this project on CIFAR-10 in the ordinary way. Not in the paper.",
    "mini-resnet-robust": "Mini ResNet after adversarial training (L2, 0.5): a robust model in miniature. Not in the "
    "paper.",
}
IN_THE_PAPER = ("clip-vit-b-32", "resnet-50", "resnet-56")


def page() -> None:
    """Draw the page."""
    st.title("Models and data")
    st.markdown(
        "Everything that the other pages compute with or show, and where it comes from. "
        "Nothing is downloaded unless you press a button that says how large it is."
    )
    st.header("Classifiers")
    st.markdown(
        "**Only `clip-vit-b-32` is the paper's CLIP**; the small bundled models were trained for this project. A "
        "**zero-shot** classifier takes its classes as sentences, such as “a photo of a cat”; a **closed-set** "
        "classifier knows a fixed list."
    )
    # Ticks only while there is something to follow: each tick draws the cards anew.
    st.fragment(_classifiers, run_every=REDRAW_SECONDS if weight_downloads().running else None)()
    st.header("Precomputed heat maps")
    maps_table()
    st.header("Sample pictures")
    samples_tables()
    st.header("Add your own")
    _how_to()
    st.header("This machine")
    st.fragment(_machine)()


def _classifiers() -> None:
    downloads = weight_downloads()
    ticking = st.session_state.setdefault("models.ticking", False)
    if ticking != downloads.running:  # one began or the last one ended: the page decides anew whether to tick
        st.session_state["models.ticking"] = downloads.running
        st.rerun()
    specs, bundled = list_classifiers(), bundled_specs()
    paper = [spec for spec in specs if spec.name in IN_THE_PAPER]
    _cards("In the paper", paper)
    _cards("Further full-size models", [s for s in specs if s not in paper and s.name not in bundled])
    _cards("Small models, bundled", [spec for spec in specs if spec.name in bundled])


def _cards(heading: str, specs: Sequence[ClassifierSpec]) -> None:
    if not specs:
        return
    st.subheader(heading)
    for first in range(0, len(specs), CARDS_IN_A_ROW):
        columns = st.columns(CARDS_IN_A_ROW)
        for column, spec in zip(columns, specs[first : first + CARDS_IN_A_ROW], strict=False):
            with column.container(border=True, height="stretch"):
                _card(spec, classifier_state(spec.name), weight_downloads().get(spec.name))


def _card(spec: ClassifierSpec, state: ClassifierState, download: WeightDownload | None) -> None:
    running = download if download is not None and download.status == "running" else None
    badge = ":blue-badge[:material/downloading: downloading]" if running else _badge(state)
    st.markdown(f"**{spec.title}**\n\n{badge} `{spec.name}`")
    st.markdown(ROLES.get(spec.name, "Not in the paper."))
    st.caption(_facts(spec))
    if running:
        st.progress(running.fraction or 0.0, text=_progress_text(running))
    elif state.status == "downloadable":
        if download is not None and download.status == "failed":
            st.error(download.error, icon=":material/error:")
        st.button(
            f"Download ({format_size(state.download_bytes)})",
            key=f"models.download.{spec.name}",
            icon=":material/download:",
            help=f"{state.detail} It is kept on the machine that runs this app, for everybody.",
            on_click=weight_downloads().start,
            args=(spec,),
        )
    elif state.status == "unavailable":
        st.warning(state.detail)
    if card := model_card(spec.name):
        with st.popover("Model card", icon=":material/description:"):
            st.markdown(re.sub(r"^#", "####", card, flags=re.MULTILINE))  # its headings below the page's


def _badge(state: ClassifierState) -> str:
    if state.status == "ready":
        return ":green-badge[:material/check_circle: ready]"
    if state.status == "downloadable":
        return f":blue-badge[:material/cloud_download: downloadable, {format_size(state.download_bytes)}]"
    return ":gray-badge[:material/block: unavailable]"


def _facts(spec: ClassifierSpec) -> str:
    side = f"{spec.image_size} px" if spec.image_size else "size as configured"
    source = f"[source]({spec.source})" if spec.source.startswith("http") else spec.source
    return f"{spec.kind} · {side} · licence {spec.licence} · {source}  \nweights: {spec.weights_id}"


def _progress_text(download: WeightDownload) -> str:
    total = format_size(download.total)
    if download.received is None:
        return f"Fetching {total}, {download.seconds:.0f} s so far"
    return f"{format_size(download.received)} of {total}"


def format_size(count: int | None) -> str:
    """605143284 -> '605 MB', 3471733 -> '3.5 MB'; None -> 'size unknown'."""
    if count is None:
        return "size unknown"
    megabytes = count / 1e6
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"


def _how_to() -> None:
    for tab, entry in zip(st.tabs([entry.title for entry in HOW_TO]), HOW_TO, strict=True):
        with tab:
            st.markdown(entry.body)
            for command in entry.commands:
                st.code(command, language="bash", wrap_lines=True)
            st.markdown(entry.end)


def _machine() -> None:
    left, right = st.columns(2, gap="large")
    with right:
        table, place = st.empty(), st.empty()
        device = known_device()
        if device is None and place.button("Detect the device", help="Loads torch, which takes some seconds."):
            with place, st.spinner("Loading torch …"):
                device = detect_device()
            place.empty()
        free, installed = available_memory(), installed_memory()
        hardware = {
            "device": device or "not looked at: torch is loaded when a classifier is first used",
            "processor cores": str(cores()),
            "memory left": f"{free / 1e9:.1f} GB" + (f" of {installed / 1e9:.0f} GB" if installed else ""),
        }
        table.markdown(_table("hardware", hardware))
    left.markdown(_table("software", versions()))


def _table(heading: str, rows: dict[str, str]) -> str:
    lines = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"| {heading} | |\n|---|---|\n{lines}"
