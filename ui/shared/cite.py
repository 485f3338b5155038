"""Footer of every page: the paper, and how to cite it and the works it builds on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.shared import url


@dataclass(frozen=True)
class Reference:
    """Publication: its BibTeX entry, and what it contributed to this app."""

    bibtex: str
    gave: str

    def field(self, name: str) -> str:
        """Return a field's text.

        Raises:
            KeyError: no such field.
        """
        return dict(re.findall(r"^  (\w+) = \{(.*)\}", self.bibtex, re.MULTILINE))[name]


# In the order of `references.bib`, whose entries are separated by blank lines.
_GAVE = (
    "the experiments and the published heat maps",
    "Fourier heat maps",
    "inpainting and generation with a classifier",
    "CLIP",
    "projected gradient descent and adversarial training",
    "the code that the paper's inpainting and generation were built upon",
)
_ENTRIES = Path(__file__).with_name("references.bib").read_text(encoding="utf-8").strip().split("\n\n")
PAPER, *BUILDS_ON = map(Reference, _ENTRIES, _GAVE)


def _line(reference: Reference) -> str:
    first = reference.field("author").partition(",")[0]
    return f"{reference.gave}: [{first} et al. {reference.field('year')}]({reference.field('url')})"


def footer() -> None:
    """Draw the last line of a page: the paper's title, its authors, a link, and *Share* with how to cite."""
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        title = PAPER.field("title").replace("{", "").replace("}", "")
        st.markdown(
            f"An interactive companion to *{title}* by Yuri Galindo and Fabio A. Faria "
            f"([code and runs]({PAPER.field('url')}))."
        )
        # The page's URL is complete only now.
        with st.popover("Share", icon=":material/link:"):
            st.markdown(url.about_link())
            st.code(url.address(), language=None, wrap_lines=True)
            with st.expander("Cite"):
                st.markdown("The paper, for the experiments and for the heat maps marked as published:")
                st.code(PAPER.bibtex, language="latex", wrap_lines=True)
                st.markdown("; ".join(map(_line, BUILDS_ON)) + ":")
                st.code("\n\n".join(work.bibtex for work in BUILDS_ON), language="latex", wrap_lines=True)
