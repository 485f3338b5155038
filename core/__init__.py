"""The engine: heat maps of any classifier under Fourier waves, and what it draws and fills by PGD.

`classifier` takes any torch module or function, `load_classifier` a name; `heatmap`, `draw` and `fill` take what they
return, and `load_dataset` or your own arrays. Importing this imports neither torch nor Streamlit: names are imported on
first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers, which do not read the table below
    from core.api import draw as draw
    from core.api import fill as fill
    from core.api import heatmap as heatmap
    from core.classifiers.own import classifier as classifier
    from core.classifiers.registry import list_classifiers as list_classifiers
    from core.classifiers.registry import load_classifier as load_classifier
    from core.data.datasets import load_dataset as load_dataset
    from core.data.datasets import load_samples as load_samples
    from core.data.sample_sets import ClassSet as ClassSet
    from core.fourier.heatmap import Heatmap as Heatmap
    from core.pgd.methods import Method as Method
    from core.pgd.preconditioner import Preconditioner as Preconditioner
    from core.pgd.record import PGDRun as PGDRun
    from core.pgd.settings import PGDConfig as PGDConfig
    from core.pgd.views import Views as Views
    from core.sweep.grow import grow as grow
    from core.sweep.wave_sweep import SweepConfig as SweepConfig

_PUBLIC = {
    "core.api": "draw fill heatmap",
    "core.classifiers.own": "classifier",
    "core.classifiers.registry": "list_classifiers load_classifier",
    "core.data.datasets": "load_dataset load_samples",
    "core.data.sample_sets": "ClassSet",
    "core.fourier.heatmap": "Heatmap",
    "core.pgd.methods": "Method",
    "core.pgd.preconditioner": "Preconditioner",
    "core.pgd.record": "PGDRun",
    "core.pgd.settings": "PGDConfig",
    "core.pgd.views": "Views",
    "core.sweep.grow": "grow",
    "core.sweep.wave_sweep": "SweepConfig",
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'core' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
