"""What is asked before a network is: whether it may answer about this record at all.

Every road to an answer asks here: predictions (`asking`, `runtime`, the rows of an archive), LEF (`tabular.scope`),
reconstructions, identification, explanations. What is hidden by hand (mask and ask) is not judged again: that is a
question about the network. The judgement itself is `signal.judgement`, the same for all; its warnings reach every
answer through `context.doubts`.
"""

from collections.abc import Sequence

from ecgview.errors import NotAnalysed
from ecgview.record import EcgRecord
from ecgview.signal.judgement import judged


def reason_not_to_answer(record: EcgRecord, leads: Sequence[str]) -> str:
    """Return why a network that takes these leads is not asked about a record, "" where it is."""
    found = judged(record)
    if found.reason:
        return found.reason
    by_text: dict[str, list[str]] = {}
    for name in leads:
        if name in found.faults:
            by_text.setdefault(found.faults[name], []).append(name)
    return "; ".join(f"{text} in {', '.join(names)}" for text, names in by_text.items())


def check(record: EcgRecord, leads: Sequence[str]) -> None:
    """Raise NotAnalysed with the reason where a network that takes these leads is not to be asked about the record."""
    if reason := reason_not_to_answer(record, leads):
        raise NotAnalysed.because(reason, record.source.path)
