"""Parts of HTML that pages and reports have in common. Text stays plain until here."""

from __future__ import annotations

import html

from core.shared.sentences import Number


def isolated(text: str) -> str:
    """Return HTML that shows `text` as it is; a name written from right to left leaves its neighbours in place."""
    return f"<bdi>{html.escape(text)}</bdi>"


def tooltip(label: str, text: str, *, bold: bool = False) -> str:
    """Return HTML of `label`, underlined with dots, with `text` for pointer, finger or keyboard.

    `ui/components/tooltip.css` has its look; a report, which nobody points at, shows both.
    """
    label, text = html.escape(label), html.escape(text)
    label = f"<b>{label}</b>" if bold else label
    return f'<span class="tooltip" tabindex="0">{label}<span class="tooltip-text" role="tooltip">{text}</span></span>'


def number_html(number: Number, *, bold: bool = False) -> str:
    """Return HTML of a measured number, its interval in a tooltip where it has one."""
    if number.interval:
        return tooltip(number.text, f"95 % interval ({number.interval})", bold=bold)
    return f"<b>{html.escape(number)}</b>" if bold else html.escape(number)
