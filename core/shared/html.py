"""Parts of HTML that pages and reports have in common. Text stays plain until here."""

from __future__ import annotations

import html


def isolated(text: str) -> str:
    """Return HTML that shows `text` as it is; a name written from right to left leaves its neighbours in place."""
    return f"<bdi>{html.escape(text)}</bdi>"


def tooltip(shown: str, words: str, *, bold: bool = False) -> str:
    """Return HTML that is `shown`, underlined with dots, with `words` for pointer, finger or keyboard.

    `ui/components/asked.css` has its look; a report, which nobody points at, shows both.
    """
    shown, words = html.escape(shown), html.escape(words)
    shown = f"<b>{shown}</b>" if bold else shown
    return f'<span class="asked" tabindex="0">{shown}<span class="interval" role="tooltip">{words}</span></span>'
