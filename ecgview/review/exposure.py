"""An exposure: something on this workstation showed, or named, what a blind reader must not know yet."""

from dataclasses import dataclass

from ecgview.review.moment import Moment


@dataclass(frozen=True, slots=True)
class Exposure:
    """One event that makes later reads of a record "not blind on this workstation"; never changed.

    The record need not have been opened by a reader before. `kind` is a short stable word, `details`
    says more, `reader` is "" where nobody in particular looked.
    """

    record_sha256: str
    kind: str
    details: str
    reader: str
    moment: Moment
    application: str  # "ecgview 0.1.0"


@dataclass(frozen=True, slots=True)
class Run:
    """One command that showed what a blind reader must not know of many records at once; never changed.

    `records` is its manifest, their fingerprints in ascending order.
    """

    kind: str
    details: str
    records: tuple[str, ...]
    moment: Moment
    application: str
