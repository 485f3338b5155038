"""Recipes of docs/extending.md, carried out in a copy of the code: the files that each names are enough."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NETWORK = ("--classifier", "mini-resnet", "--dataset", "cifar10-samples", "--device", "cpu")


class Laboratory:
    """A copy of the code, with the stored data of this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("core", "ui"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "precomputed").symlink_to(ROOT / "precomputed")

    def insert(self, file: str, anchor: str, text: str) -> None:
        """Insert text before an anchor that the file has once."""
        path = self.folder / file
        before, found, after = path.read_text("utf-8").partition(anchor)
        assert found and anchor not in after, (file, anchor)
        path.write_text(before + text + anchor + after, "utf-8")

    def python(self, *arguments: str) -> str:
        """Run Python in the copy; return what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


@pytest.fixture
def laboratory(tmp_path):
    return Laboratory(tmp_path)


def test_penalty_takes_two_files(laboratory):
    laboratory.insert("core/pgd/settings.py", '"frozen"]', '"absolute", ')
    laboratory.insert(
        "core/pgd/settings.py",
        '    "frozen": PenaltyText(',
        '    "absolute": PenaltyText("Absolute", "the mean change."),\n',
    )
    command = ["-m", "core.pgd", "inpaint", *NETWORK, "--limit", "1", "--steps", "2", "--penalty", "absolute"]
    with pytest.raises(AssertionError, match="penalty 'absolute' has a row of `PENALTIES`, but no branch here"):
        laboratory.python(*command, "--output", "without")
    laboratory.insert(
        "core/pgd/steps.py",
        '            case "frozen":',
        '            case "absolute":\n                return self.weight * outside.abs().mean(dim=(1, 2, 3))\n',
    )
    laboratory.python(*command, "--output", "with")
    assert (laboratory.folder / "with" / "pictures.npz").is_file()


def test_corruption_takes_one_file(laboratory):
    file = "core/data/corruptions.py"
    laboratory.insert(
        file,
        "_CORRUPTIONS = (",
        "def _dim(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:\n"
        "    return images * amount\n\n\n",
    )
    laboratory.insert(
        file, ")  # fmt: skip", '    Corruption("dim", "Dim", "low", "share", (0.6, 0.4, 0.2), _dim, "Ours."),\n'
    )
    printed = laboratory.python("-m", "core.sweep", "corruptions", *NETWORK, "--pictures", "5", "--output", "dim.npz")
    assert "Dim" in printed and "Fog" in printed


def test_judge_takes_one_file(laboratory):
    chosen = (
        "-c",
        "from core.pgd.picture_outcomes import choose_judge\nprint(choose_judge('a', ['mini-resnet', 'new']))",
    )
    assert laboratory.python(*chosen) == "mini-resnet\n"
    laboratory.insert("core/shared/roles.toml", '["resnet-56"], ["mini-resnet"]', '["new"], ')
    assert laboratory.python(*chosen) == "new\n"


def test_number_of_a_map_takes_two_files(laboratory):
    laboratory.insert("core/fourier/heatmap.py", '"true_probability": Number()}', '"top_probability": Number(), ')
    laboratory.insert(
        "core/fourier/heatmap.py",
        "    Metric(  # its low end",
        '    Metric("top_probability", "Certainty", "top", lambda heatmap: heatmap.number("top_probability")),\n',
    )
    laboratory.insert(
        "core/sweep/wave_sweep.py", "logits.softmax(dim=1).gather(", "logits.softmax(dim=1).amax(dim=1), "
    )
    laboratory.python("-m", "core.sweep", "waves", *NETWORK, "--limit", "5", "--cells", "0,1", "--output", "map.npz")
    laboratory.python(
        "-c",
        "from pathlib import Path\nfrom core.fourier.heatmap import METRICS, Heatmap, heatmap_csv\n"
        "heatmap = Heatmap.load(Path('map.npz'))\n"
        "top, true = (heatmap.number(name) for name in ('top_probability', 'true_probability'))\n"
        "assert (top >= true)[top == top].all() and (top == top).sum() == 2\n"
        "assert METRICS['Certainty'].array(heatmap) is not None and 'top_probability' in heatmap_csv(heatmap)",
    )


def test_start_takes_one_file_of_the_engine(laboratory):
    file = "core/pgd/starts.py"
    laboratory.insert(file, '"independent"] | CanvasName', '"white", ')
    laboratory.insert(file, '    "sketch": Start(', '    "white": Start("white", "White", "White everywhere."),\n')
    command = ["-m", "core.pgd", "generate", *NETWORK, "--limit", "1", "--steps", "2", "--start", "white"]
    with pytest.raises(AssertionError, match="start 'white' has a row of `STARTS`, but no branch here"):
        laboratory.python(*command, "--output", "without")
    laboratory.insert(
        file,
        '    if start == "classless":',
        '    if start == "white":\n'
        '        return StartDistribution(start, Given(np.ones((3, image_size, image_size), np.float32), "white"))\n',
    )
    laboratory.python(*command, "--output", "with")
    assert (laboratory.folder / "with" / "pictures.npz").is_file()


def test_tool_takes_two_files(laboratory):
    (laboratory.folder / "ui/tools/stamp.py").write_text(
        "import streamlit as st\n\nfrom ui.maps.predictions import PageState\n\n\n"
        "def stamp(page: PageState) -> None:\n    st.markdown('Stamped')\n"
    )
    laboratory.insert("ui/tools/tool_table.py", "from ui.tools.own_words import", "from ui.tools.stamp import stamp\n")
    laboratory.insert("ui/tools/tool_table.py", "    OWN_MAP: Tool(", '    "Stamp": Tool(stamp),\n')
    laboratory.python(
        "-c",
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_string('from ui.pages import frequency\\nfrequency.page()', default_timeout=200)\n"
        "app.query_params['tab'] = 'Stamp'\napp.run()\n"
        "assert not app.exception and 'Stamped' in [each.value for each in app.markdown]",
    )


def test_page_takes_three_places(laboratory):
    (laboratory.folder / "ui/pages/about.py").write_text(
        "import streamlit as st\n\n\ndef page() -> None:\n    st.markdown('About us')\n"
    )
    laboratory.insert("ui/shared/url.py", '    "models": "Models",', '    "about": "About",\n')
    laboratory.insert("ui/pages/navigation.py", "findings, frequency, generation, inpainting, models", "about, ")
    laboratory.insert("ui/pages/navigation.py", "models.page)", "about.page, ")
    laboratory.python(
        "-c",
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('ui/pages/navigation.py', default_timeout=200).run()\n"
        "assert not app.exception, app.exception\n"
        "assert 'About' in [link.proto.label for link in app.get('page_link')]",
    )
