"""ecgview: clinical review of 12-lead ECGs. Research use only, not for diagnosis or treatment.

The public functions live in `ecgview.api` and are loaded when first used, so that `import ecgview` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not for diagnosis or treatment."

if TYPE_CHECKING:
    from ecgview.api import classify as classify
    from ecgview.api import evaluate as evaluate
    from ecgview.api import info as info
    from ecgview.api import lef as lef
    from ecgview.api import measure as measure
    from ecgview.api import open_ecg as open_ecg
    from ecgview.api import reconstruct as reconstruct
    from ecgview.desktop.screenshot import take as screenshot
    from ecgview.record import EcgRecord as EcgRecord

_LAZY = {
    name: ("ecgview.api", name)
    for name in ("open_ecg", "info", "measure", "classify", "lef", "reconstruct", "evaluate")
} | {"screenshot": ("ecgview.desktop.screenshot", "take"), "EcgRecord": ("ecgview.record", "EcgRecord")}

__all__ = [
    "RESEARCH_USE_ONLY",
    "EcgRecord",
    "classify",
    "evaluate",
    "info",
    "lef",
    "measure",
    "open_ecg",
    "reconstruct",
    "screenshot",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'ecgview' has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(import_module(module), attribute)
