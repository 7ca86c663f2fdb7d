"""Explanations: what a model's answer rests on, as plain results and overlays.

A module of this room that has `NEEDS` is found: the window offers it beside the trace, `ecgview explain` on the
command line.
"""

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal, Protocol, cast

from ecgview.errors import ModelError, NotAnalysed
from ecgview.models import asking, context
from ecgview.overlay import Overlay
from ecgview.plugins import discover
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import LefResult, ModelFacts, Prediction

Needs = Literal["classifier", "lef", "autoencoder"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an explanation is asked with.

    Attributes:
        answer: the Prediction of the classifier, or the LefResult, that it NEEDS; None where it needs neither.
        model_id: the autoencoder that it NEEDS; None is the default one.
        device: auto, cpu, cuda or mps.
        target: the statement's code or the predictor's name that is asked about, "" where there is nothing to choose.
    """

    answer: Prediction | LefResult | None = None
    model_id: str | None = None
    device: str = "auto"
    target: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What an explanation gives.

    Attributes:
        model: the facts of the model it speaks of; they stand wherever it is shown.
        overlay: what is drawn on the trace.
        lines: sentences beside it.
        numbers: what it says in numbers, by name; the unit is in the name.
        warnings: what the record says to the answer that is explained; `explained` adds it, an explanation need not.
        precision: of the answer that is explained; what explains it always runs in fp32.
        feature_distance_percentile: of that answer, or of the default classifier's where it explains none.
    """

    model: ModelFacts
    overlay: Overlay = field(default_factory=Overlay)
    lines: tuple[str, ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()
    warnings: tuple[str, ...] = ()
    precision: str = "fp32"
    feature_distance_percentile: float | None = None


class Explainer(Protocol):
    """What a module of this room holds; with `HAS_PANEL = True` a panel of its own shows it in the window."""

    @property
    def NAME(self) -> str:
        """Name as shown to a user."""

    @property
    def NEEDS(self) -> Needs:
        """The kind of model it explains; its answer is there before `explain` is called."""

    def explain(self, record: EcgRecord, asked: Asked, progress: Progress = silent) -> Explanation:
        """Return the explanation; ModelError says why there is none. `progress` raises Cancelled."""


@cache
def known() -> dict[str, Explainer]:
    """Return every explanation by its id, the last part of its module's name."""
    import ecgview.explain as room

    found = discover(room, needs=("NAME", "NEEDS", "explain"), mark="NEEDS")
    return {module.__name__.rpartition(".")[2]: cast(Explainer, module) for module in found}


def named(explanation: str) -> Explainer:
    """Return an explanation by its id.

    Raises:
        ModelError: there is none of this id.
    """
    if explanation not in known():
        raise ModelError("no such explanation", expected=", ".join(known()), found=explanation)
    return known()[explanation]


def explained(explanation: str, record: EcgRecord, asked: Asked, progress: Progress = silent) -> Explanation:
    """Return what an explanation gives for a record.

    Raises:
        ModelError: no such explanation, the answer it needs is not there or of another record, or it gives none.
    """
    one = named(explanation)
    kind = {"classifier": Prediction, "lef": LefResult}.get(one.NEEDS)
    if kind is not None and not isinstance(asked.answer, kind):
        raise ModelError("the answer to explain is not there", where=one.NAME, expected=f"a {kind.__name__}")
    if asked.answer is not None and asked.answer.record_sha256 != record.source.sha256:
        raise ModelError("the result belongs to another record", where=record.source.path or None)
    if isinstance(asked.answer, Prediction) and not asked.answer.analysed:
        raise NotAnalysed.because(asked.answer.reason, record.source.path)
    found = one.explain(record, asked, progress)
    if not isinstance(found, Explanation):
        raise ModelError(
            "gives no explanation", where=one.NAME, expected="Explanation", found=type(found).__name__
        )
    # An answer has the doubts about its record, and those that follow from the answer itself.
    if asked.answer is None:
        far, doubt = asking.how_unusual(record, asked.device)
        doubts, precision = (*context.doubts(record), *filter(None, (doubt,))), "fp32"
    else:
        far, doubts = asked.answer.feature_distance_percentile, asked.answer.warnings
        precision = asked.answer.precision
    return replace(
        found,
        warnings=tuple(dict.fromkeys((*found.warnings, *doubts))),
        precision=precision,
        feature_distance_percentile=far,
    )
