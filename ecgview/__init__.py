"""ecgview: clinical review of 12-lead ECGs. Research use only, not for diagnosis or treatment.

The public functions are those of `ecgview.api`, loaded when first used so that
`import ecgview` stays light.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not for diagnosis or treatment."

if TYPE_CHECKING:
    from ecgview.api import open_ecg as open_ecg
    from ecgview.record import EcgRecord as EcgRecord


def __getattr__(name: str) -> Any:
    if name == "EcgRecord":
        from ecgview.record import EcgRecord

        return EcgRecord
    if name.startswith("_"):
        raise AttributeError(f"module 'ecgview' has no attribute {name!r}")
    from ecgview import api

    return getattr(api, name)
