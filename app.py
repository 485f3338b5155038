"""Entry of the app: page settings and navigation, nothing else."""

import streamlit as st

from ui.pages import frequency, generation, inpainting, models

st.set_page_config(page_title="What does CLIP see?", page_icon=":material/waves:", layout="wide")
st.navigation(
    [
        st.Page(
            frequency.page, title="Frequency sensitivity", url_path="frequency", icon=":material/grid_on:", default=True
        ),
        st.Page(inpainting.page, title="Inpainting", url_path="inpainting", icon=":material/healing:"),
        st.Page(generation.page, title="Generation", url_path="generation", icon=":material/auto_awesome:"),
        st.Page(models.page, title="Models and data", url_path="models", icon=":material/database:"),
    ],
    position="top",
).run()
