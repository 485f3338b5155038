"""Main script on Streamlit Community Cloud: the app, with the requirements next to this file."""

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
runpy.run_path(str(ROOT / "ui" / "pages" / "navigation.py"))
