"""Mount custom components with values that both the browser and Python may change, and pack pictures for them.

The browser shows a value and changes it without a rerun; Python may also change it, after a link or another widget. So
that neither overwrites the other, Python sends its value with its version (`Versioned`) as a token, and the browser
returns the token with each choice.
"""

from __future__ import annotations

import base64
import io
import random
import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import streamlit as st
from PIL import Image

from ui.components.versioned import Versioned

T = TypeVar("T")
Mount = Callable[..., Any]
_HERE = Path(__file__).parent.resolve()
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[./\w]+\.js)";\n', re.MULTILINE)
_NAMED_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)
SOURCES: dict[str, tuple[str, str]] = {}  # CSS and JavaScript of each registered component


def register(file: str) -> Mount:
    """Register the component of a script in this folder, such as "maps/heatmap.js", under the script's name.

    Streamlit accepts one script, so the modules that it imports come before it, and their style sheets after.
    """
    scripts = [_HERE / file]
    for script in scripts:  # grows during the loop
        for name in _IMPORT.findall(script.read_text("utf-8")):
            if (imported := (script.parent / name).resolve()) not in scripts:
                scripts.append(imported)
    js = "\n".join(_NAMED_EXPORT.sub("", _IMPORT.sub("", script.read_text("utf-8"))) for script in scripts[::-1])
    sheets = [script.with_suffix(".css") for script in scripts]
    css = "\n".join(sheet.read_text("utf-8") for sheet in sheets if sheet.exists())
    name = scripts[0].stem
    SOURCES[name] = css, js
    return st.components.v2.component(name, css=css, js=js)


def index_from(key: str, event: str, indices: range, on_index: Callable[[int], None]) -> Callable[[], None]:
    """Return an event callback that validates the index sent by the (untrusted) browser.

    Args:
        key: the component's key. on_index: called with the index before the rerun.
    """

    def called() -> None:
        index = st.session_state[key].get(event)
        if isinstance(index, int) and index in indices:
            on_index(index)

    return called


def receive(choice: Any, current: Versioned[tuple[T, object]], read: Callable[[Any], T | None]) -> T | None:
    """Record a choice sent by the browser and return its value; None if it is invalid or about another subject."""
    match choice:
        case {"value": sent, "token": version, "about": about} if about == current.value[1]:
            value = read(sent)
            if value is not None:
                current.choose((value, about), version)
            return value
    return None


def mount_synchronised(
    mount: Mount,
    key: str,
    value: T,
    *,
    read: Callable[[Any], T | None],
    on_choice: Callable[[T], None],
    data: Mapping[str, Any],
    **events: Callable[[], None],
) -> None:
    """Mount a component that shows `value`, which the visitor may change.

    Args:
        mount: from `register`.
        key: unique on the page.
        value: the value to show, as JSON.
        read: validates a value from the (untrusted) browser; returns None if it is invalid.
        on_choice: called with the value that the visitor chose, before the rerun. It should store it, and the next run
            should pass it back as `value`.
        data: further data for the browser; "about" is the value's subject: a choice about another one is ignored.
        events: further callbacks, `on_NAME_change`.
    """
    name, about = f"{key}.last", data.get("about")
    if name not in st.session_state:  # a random version: the browser may remember others of an earlier session
        st.session_state[name] = Versioned((value, about), version=random.getrandbits(40))
    current: Versioned[tuple[T, object]] = st.session_state[name]
    current.set((value, about))

    def chosen() -> None:
        choice = receive(st.session_state[key].get("choice"), current, read)
        if choice is not None:
            on_choice(choice)

    mount(
        key=key,
        data={"key": key, "token": current.version, "value": current.sent[0], "about": None, **data},
        on_choice_change=chosen,
        **events,
    )


def pack_bytes(array: np.ndarray) -> str:
    """Encode an array's bytes as text."""
    return base64.b64encode(array.tobytes()).decode()


def pack_pixels(pixels: np.ndarray) -> str:
    """Encode (..., 3, H, W) uint8 as rows of interleaved RGB pixels."""
    return pack_bytes(np.moveaxis(pixels, -3, -1))


def picture_id(pixels: np.ndarray) -> int:
    """Return a number by which the browser knows a picture again."""
    return zlib.crc32(pixels.tobytes())


def pack_signs(signs: np.ndarray) -> str:
    """Encode (S, S, 3) signs as three bits per cell, 1 for positive; `signsAt` in `wave.js` decodes them."""
    return pack_bytes(np.packbits(signs.ravel() > 0, bitorder="little"))


def webp_strip(frames: np.ndarray, quality: int, effort: int = 4) -> bytes:
    """Encode (F, 3, H, W) uint8 frames, stacked vertically, as a lossy WebP picture. effort: 0, the fastest, to 6."""
    file, rows = io.BytesIO(), frames.transpose(0, 2, 3, 1)
    Image.fromarray(rows.reshape(-1, *rows.shape[2:])).save(file, "WEBP", quality=quality, method=effort)
    return file.getvalue()


def lossy_data_uri(picture: Path | bytes) -> str:
    """Return a WebP or JPEG picture (file or content) as a data URI."""
    content = picture if isinstance(picture, bytes) else picture.read_bytes()
    suffix = "jpeg" if content.startswith(b"\xff\xd8") else "webp"
    return f"data:image/{suffix};base64,{base64.b64encode(content).decode()}"
