"""A rule of ours: slower than a hundred."""

from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule


def _slow(look: Look, name: str) -> bool:
    return look.value("Heart rate") < float(name)


RULES = (
    Rule(
        "MINE",
        "Slower than a hundred",
        "My group",
        (Definition("Under 100 per minute.", "this test", "100"), Definition("Under 20.", "this test", "20")),
        _slow,
    ),
)
