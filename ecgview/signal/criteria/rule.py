"""What a rule is: definitions in words, each with its publication, and one function that says whether it is met."""

from collections.abc import Callable
from dataclasses import dataclass

from ecgview.signal.criteria.look import Look


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition of a criterion: its name where there are several, the rule in words, where it was published."""

    words: str
    publication: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A criterion before it is asked.

    `judge` is given the look at a record and the name of the definition that was chosen. It returns whether the
    definition is met, or raises NotMeasurable or NotApplicable. The first definition is taken where none was chosen.
    `needs` says on which records it is not asked. `statements` are the PTB-XL codes that say the same.
    """

    code: str
    name: str
    group: str
    definitions: tuple[Definition, ...]
    judge: Callable[[Look, str], bool]
    needs: str = ""
    critical: bool = False
    validated: bool = True
    statements: tuple[str, ...] = ()
