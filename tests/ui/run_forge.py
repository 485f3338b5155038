"""Run files made without any classifier: valid ones, and tampered ones."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from core.pgd.record import PGDRun
from core.pgd.settings import PGDConfig

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</td></table><script>alert(1)</script>",
    "[click me](https://evil.example) ![](https://evil.example/pixel.png)",
    "**bold** `code` $x^2$ :red[red] :material/home: :smile: # not a heading",
    "first line\n\n![](https://evil.example/pixel.png)\n\n# heading",
    "\u202egnp.exe \ud800 \x00 \x1b[31m end",
    "x" * 900,
    "../../etc/passwd",
    "",
)


def arrays_of(kind: str = "inpainting", *, batch: int = 1, size: tuple[int, int] = (32, 32), frames: int = 4) -> dict:
    """The arrays of a valid file: noise, ten classes, one state for each frame."""
    generator = np.random.default_rng(7)
    shape = (batch, 3, *size)
    metadata = {
        "schema": 1,
        "terms": ["cross_entropy"] if kind == "generation" else ["cross_entropy", "penalty"],
        "kind": kind,
        "config": PGDConfig(epsilon=1.0, step_size=0.1, steps=max(1, frames - 1)).to_json(),
        "objective": {"kind": kind} | ({"weight": 10.0, "penalty": "eq3"} if kind == "inpainting" else {}),
        "targets": [3] * batch,
        "class_names": [f"class {k}" for k in range(10)],
        "seed": 5,
        "classifier": {"name": "stranger", "kind": "closed-set", "weights_id": "w1", "sha256": "ab" * 32},
        "images": {"dataset": "noise", "credit": "a credit", "change": [{"inside": 0.01, "outside": 0.001}] * batch},
        "source": {"type": "computed", "version": "0.1.0", "date": "2025-03-04T05:06:07", "wall_seconds": 1.5},
    }
    arrays: dict[str, Any] = {
        "frame_deltas": generator.integers(0, 256, (frames, *shape), dtype=np.uint8),
        "frame_steps": np.arange(frames),
        "start_bits": np.zeros((4, *shape), dtype=np.uint8),
        "curves": generator.random((3, frames, batch), dtype=np.float32),
        "terms": generator.random((len(metadata["terms"]), frames, batch), dtype=np.float32),
        "logits": generator.standard_normal((2, batch, 10)).astype(np.float32),
        "metadata": metadata,
    }
    if kind == "inpainting":
        arrays["original"] = generator.integers(0, 256, shape, dtype=np.uint8)
        arrays["mask"] = np.zeros((1, 1, *size), dtype=bool)
        arrays["mask"][..., : size[0] // 2, : size[1] // 2] = True
    return arrays


def packed(arrays: dict, *, compressed: bool = True) -> bytes:
    """The file's bytes, whatever the arrays contain."""
    arrays = dict(arrays, metadata=np.array(json.dumps(arrays["metadata"])))
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def sound_run(kind: str = "inpainting", **options: Any) -> PGDRun:
    """A run that passes all checks."""
    return PGDRun.from_bytes(packed(arrays_of(kind, **options)), name="sound")
