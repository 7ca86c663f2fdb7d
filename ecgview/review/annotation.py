"""Annotations: what a reader places on the signal, a stretch of time on some leads."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ecgview.errors import ReviewError
from ecgview.overlay import Overlay, Span


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark on leads over a stretch of time; equal start and end mark a point.

    `leads` empty = all leads. `code` is a code of the label set named, or "" for free text.
    """

    leads: tuple[str, ...]
    start_s: float
    end_s: float
    code: str = ""
    text: str = ""
    label_set: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        if not (
            math.isfinite(self.start_s) and math.isfinite(self.end_s) and 0 <= self.start_s <= self.end_s
        ):
            raise ReviewError(
                "an annotation needs a stretch of time",
                expected="0 <= start <= end, in seconds",
                found=f"{self.start_s} to {self.end_s}",
            )

    @property
    def title(self) -> str:
        """What is written beside the mark: the code, the text, or both."""
        return ": ".join(part for part in (self.code, self.text) if part)


def to_overlay(annotations: Iterable[Annotation]) -> Overlay:
    """Return what the canvas and the printed page draw for these annotations."""
    spans = tuple(Span(a.start_s, a.end_s, "annotation", a.leads, a.title) for a in annotations)
    return Overlay(spans=spans, legend="Annotations of the reader" if spans else "")
