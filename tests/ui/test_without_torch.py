"""Where torch does not start, maps, waves and charts still work, and what needs it says so in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REASON = "libgomp.so.1: cannot open shared object file"
# As on a system without libgomp: torch is installed, and its import ends in an OSError.
TORCH = f"raise OSError({REASON!r})"
OPEN = """
from streamlit.testing.v1 import AppTest
from ui.maps.cell_predictions import LOADING

app = AppTest.from_file("tests/ui/apps/{page}_app.py", default_timeout=60)
app.session_state[LOADING] = True
{before}
app.run()
{then}
assert not app.exception, app.exception
assert app.get("bidi_component"), "the maps, or the stored run"
print([error.value for error in app.error])
"""
RUN = """
import time
app.button(key="inpainting.start").click().run()
time.sleep(1)
app.run()
"""


@pytest.mark.parametrize(
    ("page", "before", "then", "errors"),
    [
        ("frequency", "", "", 2),
        ("frequency", "app.query_params['tab'] = 'Your own words'", "", 2),
        ("inpainting", "", RUN, 1),
        ("inpainting", "", "assert any('Similarity of the hole' in one.value for one in app.markdown)", 0),
        ("story", "", "assert any('prediction-rows' in one.proto.body for one in app.get('html'))", 0),
        ("story", "app.session_state['story.wave.cell'] = (3, 4)", "", 1),
        ("generation", "", "assert any('Judged by ResNet-56' in one.value for one in app.markdown)", 0),
    ],
)
def test_page_works_without_torch(page, before, then, errors, tmp_path):
    (tmp_path / "torch.py").write_text(TORCH)
    script = tmp_path / "script.py"
    script.write_text(OPEN.format(page=page, before=before, then=then).replace('"tests', f'"{ROOT}/tests'))
    ended = subprocess.run(
        [sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert ended.stdout.count(f"Torch does not start on this machine ({REASON})") == errors
