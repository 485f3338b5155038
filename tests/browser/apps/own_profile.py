"""The command `core.reproduce.profile`, with the classifiers of `own_weights.py`."""

from core.reproduce.profile import main
from tests.browser.apps import own_weights  # noqa: F401

raise SystemExit(main())
