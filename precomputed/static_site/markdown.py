"""The app's Markdown as HTML: emphasis, links, and formulas as MathML by KaTeX, which Streamlit uses as well."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping

from precomputed.static_site.bundle import in_node

_FORMULA = re.compile(r"(?<!\\)\$([^$]+)\$")
_LINK = re.compile(r"\[([^\]]+)\]\((https://[^)]+)\)")
_RENDER = """
const katex = require("katex");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const render = (tex) => katex.renderToString(tex, { output: "mathml" }).replace(/<annotation.*?<.annotation>/s, "");
process.stdout.write(JSON.stringify(texts.map(render)));
"""


def markdown_html(texts: Mapping[str, str]) -> dict[str, str]:
    """Return paragraphs by name.

    Raises:
        RuntimeError: npm cannot install KaTeX, or it refuses a formula; its own message.
    """
    formulas = list(dict.fromkeys(tex for text in texts.values() for tex in _FORMULA.findall(text)))
    rendered = dict(zip(formulas, json.loads(in_node(_RENDER, json.dumps(formulas))), strict=True))
    return {name: f"<p>{_html(text, rendered)}</p>" for name, text in texts.items()}


def _html(text: str, rendered: Mapping[str, str]) -> str:
    parts = _FORMULA.split(text)
    return "".join(rendered[part] if k % 2 else _marked_up(html.escape(part)) for k, part in enumerate(parts))


def _marked_up(text: str) -> str:
    text = _LINK.sub(r'<a href="\2">\1</a>', text)
    text = re.sub(r"(?<!\\)\*\*(\S[^*]*)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<!\\)\*(\S[^*]*)\*", r"<em>\1</em>", text)
    return re.sub(r"\\(\W)", r"\1", text)  # escaped characters
