"""The pages *Inpainting* and *Generation* with a third one between them, for the tests in a browser."""

import streamlit as st

from ui.pages import generation, inpainting
from ui.shared.look import CSS


def elsewhere() -> None:
    st.title("Elsewhere")


st.set_page_config(page_title="Live pages", layout="wide")
chosen = st.navigation(
    [
        st.Page(inpainting.page, title="Inpainting", url_path="inpainting", default=True),
        st.Page(generation.page, title="Generation", url_path="generation"),
        st.Page(elsewhere, title="Elsewhere", url_path="elsewhere"),
    ],
    position="top",
)
st.html(f"<style>{CSS}</style>")
chosen.run()
