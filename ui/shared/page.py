"""Parts of every page: styles, sentences with tooltips, tables, downloads, one address, and the footer."""

from __future__ import annotations

import html
import mimetypes
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import streamlit as st

from core.classifiers.families import ClassifierSpec
from core.shared.device import check_torch
from core.shared.text import TERMS, Number, Paragraph, Sentence, explain_terms, number_html, sentence, tooltip
from ui.components.mount import register
from ui.server.cache import job_manager
from ui.server.limits import log
from ui.server.streamlit_internals import visitors_files
from ui.shared import url
from ui.shared.url import as_markdown

Answer = TypeVar("Answer")
_UI = Path(__file__).parents[1]
CSS = "".join((_UI / sheet).read_text(encoding="utf-8") for sheet in ("shared/look.css", "components/basics.css"))
_look = register("look.js")


def look(page: str) -> None:
    """Let the parts of the page `page` appear from the top, none before it stands still; called first in each run."""
    _look(key="look", data={"page": page})


def scroll_into_view(below: str, count: int) -> None:
    """Scroll a part of the page, which a control has opened, to the top of the window once for each new positive count.

    Args:
        below: the key of its container.
    """
    _look(key=f"{below}.scroll", data={"part": f".st-key-{below}", "count": count})


EXPLAINED = "terms.explained"  # key in the session: the page and its place that explain a term, by term
PAGE = "terms.page"  # key in the session: the page that is drawn
NARROW_PERCENT = "\N{NO-BREAK SPACE}%"  # keeps a number and its sign on one line


def sentence_html(text: str, *terms: str, bold: bool = True) -> str:
    """Return HTML of a sentence, a paragraph or plain text, with the `TERMS` entry at the first use of each term.

    bold: whether to set a sentence's only number with an interval in bold.
    """
    return explain_terms(" ".join(_html(sentence, bold) for sentence in Paragraph(text).sentences), *terms)


def write_sentence(text: str, *terms: str) -> None:
    """Draw `sentence_html` as a paragraph, with terms explained at their first place on the page."""
    st.html(f'<p class="prose">{explain_on_page(sentence_html(text), text, *terms)}</p>')


def explain_on_page(text: str, place: str, *terms: str) -> str:
    """Return HTML with the `TERMS` entry of each term at the first place of a visit that has it.

    Args:
        text: HTML. place: the same whenever a fragment draws this text again.
    """
    places, here = st.session_state.setdefault(EXPLAINED, {}), (st.session_state.get(PAGE), place)
    result = explain_terms(text, *(term for term in terms if places.get(term, here) == here))
    places.update({term: here for term in terms if term not in places and html.escape(TERMS[term]) in result})
    return result


def unexplained(place: str, *terms: str) -> list[str]:
    """Return those of some terms that no other place explains; this one, a component, will."""
    places, here = st.session_state.setdefault(EXPLAINED, {}), (st.session_state.get(PAGE), place)
    return [term for term in terms if places.setdefault(term, here) == here]


def begin_page(page: str) -> None:
    """Start a page, which explains its terms anew, but none that the visitor has met on another page."""
    state = st.session_state
    state[EXPLAINED] = {term: where for term, where in state.get(EXPLAINED, {}).items() if where[0] != page}
    state[PAGE] = page


def _html(sentence: Sentence, bold: bool) -> str:
    only = bold and sum(isinstance(part, Number) and bool(part.interval) for part in sentence.parts) == 1
    return "".join(
        number_html(part, bold=only and bool(part.interval)) if isinstance(part, Number) else html.escape(part)
        for part in sentence.parts
    )


def table_html(heads: Sequence[str], rows: Sequence[str], *, kind: str = "", caption: str = "", data: str = "") -> str:
    """Return HTML of a table.

    Args:
        heads: HTML of the heads. rows: HTML of the rows, from `row_html`. kind: CSS class. data: further attributes.
    """
    head = "".join(f"<th scope=col>{cell}</th>" for cell in heads)
    return (
        f'<table class="{kind}" {data}>{caption and f"<caption>{caption}</caption>"}'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def row_html(cells: Sequence[str], kind: str = "", head: str = "") -> str:
    """Return HTML of a row. cells: HTML of its cells. head: HTML of its header cell, if any."""
    first = f"<th scope=row>{head}</th>" if head else ""
    row = f'<tr class="{kind}">' if kind else "<tr>"
    return f"{row}{first}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def scrolling_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    label: str,
    about: Mapping[str, str] | None = None,
    *,
    wraps: bool = False,
) -> None:
    """Draw `scrolling_table_html`."""
    st.html(scrolling_table_html(columns, rows, label, about, wraps=wraps))


def scrolling_table_html(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    label: str,
    about: Mapping[str, str] | None = None,
    *,
    wraps: bool = False,
) -> str:
    """Return HTML of a table of plain text and numbers that scrolls in a narrow window; each row is one short line.

    label: for screen readers. about: definitions of columns, keyed by the column's name up to its first comma. wraps:
    whether long cells may have several lines.
    """
    heads = [(name, (about or {}).get(name.partition(",")[0], "")) for name in columns]
    table = table_html(
        [tooltip(name, meaning) if meaning else html.escape(name) for name, meaning in heads],
        [row_html([sentence_html(cell, bold=False) for cell in row]) for row in rows],
    )
    # Focusable, so that the keyboard can scroll it.
    region = f'class="scrolling-table{" wraps" * wraps}" tabindex="0" role="region" aria-label="{html.escape(label)}"'
    return f"<div {region}>{table}</div>"


def torch_starts() -> bool:
    """Return whether torch can be used; otherwise say why, once."""
    try:
        check_torch()
    except RuntimeError as error:
        st.error(as_markdown(sentence(str(error))))
        return False
    return True


def try_predict(spec: ClassifierSpec, question: Callable[[], Answer]) -> Answer | None:
    """Return a classifier's predictions; on failure show and log the reason and return None."""
    try:
        with st.spinner(f"{spec.title} …"), job_manager().before_runs():
            return question()
    except (RuntimeError, FileNotFoundError, ValueError) as error:
        log("prediction failed", error=error, classifier=spec.name)
        st.error(as_markdown(sentence(f"{spec.title}: {error}")))
        return None


def download_button(
    label: str, make: Callable[[], bytes | str], name: str, *, key: str, icon: str | None = None
) -> None:
    """Draw a button that downloads what `make` returns on click, as the file `name`; `key` is unique on the page."""
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    keep = visitors_files(mime, key, name)

    def stored() -> bytes:
        content = make()
        data = content.encode() if isinstance(content, str) else content
        keep(data)
        return data

    # No rerun: it would remove the file from the session.
    st.download_button(label, stored, name, mime, key=key, icon=icon, on_click="ignore")


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
