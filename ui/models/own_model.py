"""Forms that add a visitor's own classifier, on a server whose operator allows it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.classifiers.own import ARCHITECTURES, VARIABLE, add_hub_model, add_weights, own_folder
from core.classifiers.spec import ClassifierSpec
from core.errors import sentence
from ui.shared.limits import check_upload, limits
from ui.shared.text import as_markdown, one_line

ADDED = "models.added"  # what the last form has to say in the next run


def own_model() -> None:
    """Both forms; or how to have them."""
    if own_folder() is None:
        st.markdown(
            "**On this page** models can be added where the server allows it: start the app with "
            f"`{VARIABLE}=FOLDER streamlit run app.py`, and they are kept in that folder, for all its visitors."
        )
        return
    if said := st.session_state.pop(ADDED, None):
        st.success(as_markdown(said), icon=":material/check_circle:")
    most = limits()
    by_name, by_file = st.columns(2, gap="large")
    with by_name, st.form("models.by_name", clear_on_submit=False):
        name = st.text_input(
            "A model of open_clip, timm or torchvision, by name",
            placeholder="open_clip:hf-hub:OWNER/NAME or timm:convnext_tiny.fb_in1k",
            max_chars=200,
        )
        if st.form_submit_button("Add to the table") and name:
            _add(
                lambda: add_hub_model(name.strip(), max_models=most.own_models),
                "its weights are a download, which the table offers",
            )
    with by_file, st.form("models.by_file", clear_on_submit=False):
        title = st.text_input("Title of your weights, which all visitors can then use", max_chars=40)
        architecture = st.segmented_control("Architecture", ARCHITECTURES, default=ARCHITECTURES[0], required=True)
        file = st.file_uploader(
            f"Weight file, up to {most.weights_mb} MB",
            type="safetensors",
            max_upload_size=most.weights_mb,
            key="models.weights",
        )
        if st.form_submit_button("Check and add") and file is not None:
            _add(lambda: _checked(title.strip(), architecture, file.getvalue()), "it is ready on every page")


def _checked(title: str, architecture: str, weights: bytes) -> ClassifierSpec:
    check_upload(weights, limits().weights_mb)
    return add_weights(title, architecture, weights, max_models=limits().own_models)


def _add(add: Callable[[], ClassifierSpec], what_now: str) -> None:
    try:
        with st.spinner("Checking …"):
            spec = add()
    except (ValueError, OSError, ModuleNotFoundError) as error:
        st.error(as_markdown(sentence(one_line(error, 600))))
        return
    st.session_state[ADDED] = f"{one_line(spec.title)} stands in the table now: {what_now}."
    st.rerun()
