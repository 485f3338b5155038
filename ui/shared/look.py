"""The look of all pages in one place: what Streamlit's configuration cannot say, as one block of CSS."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

# Where Streamlit folds its navigation away behind a sign, in pixels.
NARROW = 768
# 5.4 and 7.8 to 1 against white; the first is the light theme's primary colour.
FILL, FILL_HOVER = "#0f6fb0", "#0b5688"

CSS = f"""
[data-testid="stMainBlockContainer"] {{ padding: 4.25rem 2rem 2rem; }}
[data-testid="stMain"] h1 {{ line-height: 1.25 !important; padding: 0.25rem 0 !important; }}
[data-testid="stMain"] h2 {{ line-height: 1.3 !important; padding: 0.5rem 0 0.25rem !important; }}
[data-testid="stMain"] h3 {{ line-height: 1.3 !important; padding: 0.25rem 0 !important; }}
[data-testid="stMain"] :is(h4, h5, h6) {{ line-height: 1.3 !important; padding: 0.25rem 0 !important; }}
/* White text needs a darker blue behind it than the primary colour of the dark theme, which is for text on black. */
button[kind="primary"], button[kind="primaryFormSubmit"], span[data-tag-index], [data-baseweb="tag"] {{
  background-color: {FILL} !important; color: #ffffff !important;
}}
button[kind="primary"]:hover, button[kind="primaryFormSubmit"]:hover {{ background-color: {FILL_HOVER} !important; }}
button[kind="primary"]:disabled {{ opacity: 0.45; }}
/* Streamlit takes the outline from its links. */
[data-testid="stTopNavLink"]:focus-visible, .st-key-page-tabs a:focus-visible {{
  outline: 3px solid {FILL} !important; outline-offset: -3px;
}}
/* Streamlit's grey is 3.9 : 1 on white. */
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * {{ color: inherit; }}
[data-testid="stCaptionContainer"] {{ opacity: 0.85; }}
.st-key-look {{ position: absolute; }}
[data-testid="stLayoutWrapper"]:has(> .st-key-page-tabs) {{ display: none; }}
/* Wrapped text needs no scroll box, which the keyboard could not reach. */
[data-testid="stPopoverBody"] [data-testid="stCode"] pre {{ overflow: visible !important; }}
/* Both choices of a set of classes in one line. */
[data-testid="stColumn"]:has(.st-key-generation-start) {{ min-width: 16.5rem; }}
/* The table of classifiers: rows told apart by a line; where they wrap, on a phone, the headings go. */
[class*="st-key-models-row"] {{ border-top: 1px solid rgba(128, 128, 128, 0.3); padding-top: 0.25rem; }}
.st-key-models-table {{ gap: 0.25rem; }}
@media (min-width: 1101px) {{ [class*="st-key-models-row"] {{ flex-wrap: nowrap; }} }}
@media (max-width: 1100px) {{
  .st-key-models-headings {{ display: none; }}
  [class*="st-key-models-row"] {{ gap: 0.1rem 1rem; padding: 0.25rem 0; }}
}}
@media (max-width: {NARROW}px) {{
  /* Maps in the making stay side by side and scroll: below each other they would make the page too long. */
  .st-key-sweep-maps {{ overflow-x: auto; }}
  .st-key-sweep-maps [data-testid="stHorizontalBlock"] {{ flex-wrap: nowrap; }}
  .st-key-sweep-maps [data-testid="stColumn"] {{ min-width: 270px; }}
  .st-key-sweep-maps-2 {{ min-width: 580px; }}
  [data-testid="stMainBlockContainer"] {{ padding: 3.75rem 1rem 2rem; }}
  .st-key-footer p {{ font-size: 0.85rem; line-height: 1.35; }}
  /* Every link has its place before its text is there. */
  [data-testid="stLayoutWrapper"]:has(> .st-key-page-tabs) {{ display: flex; flex: none; height: 50px; }}
  .st-key-page-tabs {{ gap: 0; height: 50px; flex-wrap: nowrap; overflow: hidden; }}
  .st-key-page-tabs {{ border-bottom: 1px solid rgba(128, 128, 128, 0.3); }}
  .st-key-page-tabs > * {{ flex: 1 1 auto; width: auto !important; min-width: 0; height: 48px; }}
  .st-key-page-tabs a {{ padding: 0.75rem 2px; margin: 0; justify-content: center; }}
  .st-key-page-tabs a * {{ font-size: clamp(11.5px, 3.1vw, 14px); }}
  /* The folded navigation, whose links the keyboard would find outside the window. */
  [data-testid="stExpandSidebarButton"], [data-testid="stSidebar"] {{ display: none; }}
}}
"""


_STYLED = "look.styled"
# Called in every run, so it answers only when it is asked. A page that is new to the window is shown part by part, from
# the top: a part when nothing in it or above it waits for a widget's code or for this run, and all of that has kept its
# height for a moment, so that nothing is seen to move. After five seconds it is shown as it is.
_JS = """
const QUIET_MS = 60, LATEST_MS = 5000, { documentElement } = document;
const PARTS = "[data-testid=stMainBlockContainer] > [data-testid=stVerticalBlock]";
const WAITS = "[data-testid=stSkeleton], [data-stale=true]";
const veil = new CSSStyleSheet();
document.adoptedStyleSheets.push(veil);
let page = null;

export default ({ data, setTriggerValue }) => {
  if (data.ask) setTriggerValue("styled", true);
  if (data.page === page) return;
  page = data.page;
  const began = performance.now(), heights = new WeakMap(); // of each part, and since when
  let shown = -1;
  const quiet = (part, now) => {
    const height = part.offsetHeight, [before, since] = heights.get(part) ?? [];
    if (height !== before) heights.set(part, [height, now]);
    return height === before && now - since >= QUIET_MS;
  };
  const show = (count) => {
    if (count === shown) return;
    shown = count;
    veil.replaceSync(`${PARTS} > :nth-child(n + ${count + 1}), ${PARTS} > :nth-child(n + ${count + 1}) * `
      + "{ visibility: hidden !important }");
  };
  const look = (now) => {
    if (data.page !== page) return;
    const parts = [...(document.querySelector(PARTS)?.children ?? [])];
    const still = parts.map((part) => quiet(part, now) && !part.querySelector(WAITS));
    const moving = still.indexOf(false), drawn = document.querySelector(".st-key-footer") && moving < 0;
    // The last part may still grow while the footer is not there.
    if (!drawn && now - began < LATEST_MS) {
      show(Math.max(shown, Math.min(moving < 0 ? Infinity : moving, parts.length - 1)));
      requestAnimationFrame(look);
      return;
    }
    veil.replaceSync("");
    documentElement.dataset.shown = page;
  };
  documentElement.dataset.shown = ""; // none yet; read by tests and benchmarks
  show(0);
  requestAnimationFrame(look);
};
"""
_look = st.components.v2.component("look", css=CSS, js=_JS, isolate_styles=False)


def look(page: str) -> bool:
    """Put the CSS into the page called `page`; call it first, and once in a run, from `ui/pages/navigation.py`.

    Returns whether the browser has it. In a visit's first run it has not, and what is drawn before would move when it
    comes; the browser then asks for the next run by itself.
    """
    styled = _STYLED in st.session_state
    _look(key="look", data={"ask": not styled, "page": page}, on_styled_change=_styled)
    return styled


def _styled() -> None:
    st.session_state[_STYLED] = True


def page_tabs(pages: Mapping[str, StreamlitPage]) -> None:
    """Links to the pages by their short names, for windows so narrow that Streamlit folds its navigation away."""
    with st.container(horizontal=True, key="page-tabs"):
        for name, page in pages.items():
            st.page_link(page, label=name)
