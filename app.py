"""Entry of the app: page settings, navigation, and what stands on every page."""

import streamlit as st

from core.errors import sentence
from ui.pages import findings, frequency, generation, inpainting, models
from ui.shared.cite import footer
from ui.shared.limits import limits
from ui.shared.log import log
from ui.shared.look import look, page_tabs
from ui.shared.url import drop_senseless_numbers

TITLE = "What does CLIP see?"

# First of all, so that the first paint has the width of the page.
# An emoji, and pages without icons: the picture of a material icon would be fetched from another server.
st.set_page_config(page_icon="🌊", layout="wide")
try:
    limits()
except ValueError as error:  # the operator's to mend, so it says how
    log("limits are wrong", error=error, reason=str(error))
    st.error(sentence(str(error)))
    st.stop()

# A page at the root has no other URL, so the root is a page of its own: it draws Frequency sensitivity, unlisted.
home = st.Page(frequency.page, title="Frequency sensitivity", url_path="home", default=True, visibility="hidden")
pages = [
    st.Page(frequency.page, title="Frequency sensitivity", url_path="frequency"),
    st.Page(inpainting.page, title="Inpainting", url_path="inpainting"),
    st.Page(generation.page, title="Generation", url_path="generation"),
    st.Page(findings.page, title="Findings", url_path="findings"),
    st.Page(models.page, title="Models and data", url_path="models"),
]
chosen = st.navigation([home, *pages], position="top")
st.set_page_config(page_title=f"{chosen.title} · {TITLE}")
if not look(chosen.title):
    st.stop()
names = ("Frequency", "Inpainting", "Generation", "Findings", "Models")
page_tabs(dict(zip(names, [home if chosen == home else pages[0], *pages[1:]], strict=True)))
drop_senseless_numbers()
chosen.run()
footer()
