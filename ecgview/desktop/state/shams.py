"""Shams for studies of maps: in some questions another map lies on the trace than the one that was asked for.

How often readers agree with a sham is what their agreement with maps is held against. Which questions get one follows
from the study's word, the record, the target and the reader alone, so that it is the same on every computer and at
every look, and nobody can find out by asking again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ecgview.results import Mapped
from ecgview.review.judgement import Shown


@dataclass(frozen=True, slots=True)
class Target:
    """What a map is asked of: a statement's code, a predictor's name, or "" for all predictors of LEF together."""

    of: Mapped
    name: str = ""

    @property
    def words(self) -> str:
        """The target as it stands in a sentence."""
        return self.name or "low ejection fraction"


@dataclass(frozen=True, slots=True)
class Given:
    """What lies on the trace instead of what was asked for, or just that; `seed` is of the random network."""

    kind: Shown
    target: Target
    seed: int = 0

    @property
    def name(self) -> str:
        """The target of another map, the seed of a random network, "" of the true one."""
        return {"true": "", "sham-other": self.target.name, "sham-random": str(self.seed)}[self.kind]


@dataclass(frozen=True, slots=True)
class Study:
    """A study's share of shams, 0 to 1, and the word that decides which they are."""

    share: float = 0.0
    word: str = ""

    @property
    def is_on(self) -> bool:
        """Whether any map may be a sham."""
        return self.share > 0

    def given(self, asked: Target, record_sha256: str, reader: str, others: Sequence[str]) -> Given:
        """Return what a reader is given; `others` are targets of the same kind that a sham may be taken from.

        Only a statement has a map of a random network. All predictors together have no other of their kind, and are
        never a sham.
        """
        if asked.of == "lef":
            return Given("true", asked)
        parts = (self.word, record_sha256, asked.of, asked.name, reader)
        drawn = hashlib.sha256("\0".join(parts).encode()).digest()
        if int.from_bytes(drawn[:8]) / 2**64 >= self.share:
            return Given("true", asked)
        choices = sorted(name for name in others if name != asked.name)
        is_other = asked.of == "predictor" or drawn[8] % 2 == 1
        if is_other and choices:
            name = choices[int.from_bytes(drawn[9:13]) % len(choices)]
            return Given("sham-other", Target(asked.of, name))
        if asked.of == "statement":
            return Given("sham-random", asked, int.from_bytes(drawn[13:17]))
        return Given("true", asked)
