"""ecgview: clinical review of 12-lead ECGs. Research use only, not for diagnosis or treatment.

The public functions live in `ecgview.api` and are loaded when first used, so that `import ecgview` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecgview.about import RESEARCH_USE_ONLY as RESEARCH_USE_ONLY
from ecgview.about import VERSION

__version__ = VERSION


if TYPE_CHECKING:
    from ecgview.api import attribute as attribute
    from ecgview.api import classify as classify
    from ecgview.api import criteria as criteria
    from ecgview.api import evaluate as evaluate
    from ecgview.api import get_model as get_model
    from ecgview.api import identify as identify
    from ecgview.api import import_model as import_model
    from ecgview.api import info as info
    from ecgview.api import lef as lef
    from ecgview.api import list_models as list_models
    from ecgview.api import measure as measure
    from ecgview.api import model_card as model_card
    from ecgview.api import open_ecg as open_ecg
    from ecgview.api import pacing as pacing
    from ecgview.api import reconstruct as reconstruct
    from ecgview.api import score as score
    from ecgview.api import train as train
    from ecgview.desktop.app import run as open_window
    from ecgview.desktop.screenshot import take as screenshot
    from ecgview.record import EcgRecord as EcgRecord

__all__ = [
    "RESEARCH_USE_ONLY",
    "EcgRecord",
    "attribute",
    "classify",
    "criteria",
    "evaluate",
    "get_model",
    "identify",
    "import_model",
    "info",
    "lef",
    "list_models",
    "measure",
    "measured",
    "model_card",
    "open_ecg",
    "open_window",
    "pacing",
    "reconstruct",
    "score",
    "screenshot",
    "train",
]

_ELSEWHERE = {
    "EcgRecord": ("ecgview.record", "EcgRecord"),
    "open_window": ("ecgview.desktop.app", "run"),
    "screenshot": ("ecgview.desktop.screenshot", "take"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'ecgview' has no attribute {name!r}")
    module, attribute = _ELSEWHERE.get(name, ("ecgview.api", name))
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
