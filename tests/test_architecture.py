"""What may import what: the engine never needs Streamlit, and neither it nor a page's first paint needs torch."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import core

ROOT = Path(__file__).parents[1]


def modules_after(code):
    """Top-level names of the modules loaded by a fresh interpreter that ran `code`."""
    script = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def core_modules():
    return [module.name for module in pkgutil.walk_packages(core.__path__, "core.")]


def test_core_never_imports_streamlit():
    assert "core.sweep.cells" in core_modules() and "core.classifiers.base" in core_modules()
    loaded = modules_after("\n".join(f"import {name}" for name in core_modules()))
    assert "torch" in loaded and "streamlit" not in loaded


def test_the_check_for_streamlit_can_fail():
    assert "streamlit" in modules_after("import core.fourier.heatmap, streamlit")


@pytest.mark.parametrize(
    "name",
    [
        "fourier.basis",
        "fourier.heatmap",
        "fourier.analysis",
        "sweep.cells",
        "sweep.maps",
        "sweep.__main__",
        "classifiers.predictions",
        "classifiers.registry",
        "data.datasets",
        "data.samples",
        "images.square",
    ],
)
def test_importing_the_engine_costs_no_torch(name):
    assert "torch" not in modules_after(f"import core, core.{name}")


def test_importing_the_pages_costs_no_torch():
    assert "torch" not in modules_after("import ui.pages.frequency, ui.pages.models")


def test_first_answer_of_a_bundled_clip_waits_for_no_other_library():
    loaded = modules_after(
        "import torch\nfrom core.classifiers.registry import load_classifier\n"
        "images = torch.rand(1, 3, 32, 32, requires_grad=True)\n"
        "load_classifier('mini-clip')(images).sum().backward()"
    )
    assert "torch" in loaded and not loaded & {"open_clip", "timm", "torchvision"}


def test_core_offers_its_public_names():
    for name in core.__all__:
        assert getattr(core, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = core.nothing
