"""Whether a read is blind on this workstation: what was shown of its record before it was locked, by anyone.

A read may be blind as to the window, and yet somebody at this computer has seen what a model says of the
record. A read that is locked after that says so, with what it was.
"""

from ecgview.review.moment import Moment
from ecgview.review.store import Store

_REVEALS = ("revealed", "blind_off")
WORDS = {
    "classify": "diagnoses of a model on the command line",
    "lef": "LEF result on the command line",
    "report": "report written on the command line",
    "screenshot": "picture written on the command line",
    "reconstruct": "reconstruction on the command line",
    "explain": "explanation of a model's answer on the command line",
    "device_text": "the file's own statements on the command line",
    "identified_export": "export with all that the file says",
    "measured": "measurements on the command line",
    "score": "table of scores written on the command line",
    "log_exported": "log written on the command line",
    "reader_changed": "the reader was changed",
    "name_shown": "the file's name was shown",
}


def exposed(store: Store, record_sha256: str, reader: str) -> str:
    """Return why a read that this reader locks now is not blind on this workstation; "" if it is.

    What this reader opened is not part of it: `Read.blind` says that. Raises StoreError.
    """
    found: list[tuple[Moment, str]] = []
    for entry in store.audit(record_sha256):
        if entry.action in _REVEALS and entry.reader != reader:
            found.append((entry.moment, f"AI opened by {entry.reader}"))
    for one in store.exposures(record_sha256):
        said = WORDS.get(one.kind, one.kind.replace("_", " "))
        found.append((one.moment, f"{said}: {one.details}" if one.details else said))
    for run in store.runs(record_sha256):
        found.append((run.moment, f"{WORDS.get(run.kind, run.kind)}: {run.details}"))
    found.sort(key=lambda pair: pair[0])
    return "; ".join(f"{words} ({moment.text[:16]})" for moment, words in found)
