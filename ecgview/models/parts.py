"""Work on many files in parts that survive a kill: a plan on the disk, and parts that appear whole.

The list of files and what is done with them are fixed in `OUT.parts/plan.json` before the first file is read. What is
there is not done again.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from ecgview.errors import EcgviewError, ReportError
from ecgview.models import archive_processes

PLAN = "plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOfParts:
    """What is done with which files: fixed at the beginning of the work."""

    SUFFIX: ClassVar[str]  # of the finished parts

    parts: str  # folder of the finished parts
    files: tuple[str, ...]
    per_part: int

    @property
    def count(self) -> int:
        """How many parts there are."""
        return -(-len(self.files) // self.per_part)

    def part(self, number: int) -> tuple[str, ...]:
        """Return the files of one part."""
        return self.files[number * self.per_part : (number + 1) * self.per_part]

    def path(self, number: int) -> Path:
        """Return where a finished part lies."""
        return Path(self.parts) / f"{number:06d}{self.SUFFIX}"


Plan = TypeVar("Plan", bound=PlanOfParts)
Work = Callable[[Plan, int], None]
Spread = Callable[[Work[Plan], Plan, Sequence[int]], Iterator[int]]


def folder(out: Path) -> Path:
    """Return where the parts of a table lie until it is whole."""
    return out.with_name(out.name + ".parts")


def begun(
    out: Path, make: Callable[[dict[str, Any]], Plan], wanted: Mapping[str, object], error: type[EcgviewError]
) -> Plan | None:
    """Return the plan that was begun at this table, made of what its file holds; None where there is none.

    Raises:
        ReportError: the file cannot be understood.
        EcgviewError: of the kind `error`, what is wanted now differs from what was begun.
    """
    there = folder(out) / PLAN
    if not there.exists():
        return None
    try:
        plan = make(json.loads(there.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise ReportError(
            f"cannot be understood ({fault})", where=str(there), expected="the plan of this table"
        ) from None
    for name, value in wanted.items():
        if getattr(plan, name) != value:
            raise error(
                f"another table was begun here: its {name} differs",
                where=str(there.parent),
                expected=f"{getattr(plan, name)}, or another output, or this folder removed",
                found=str(value),
            )
    return plan


def begin(plan: PlanOfParts) -> None:
    """Write the plan, whole or not at all; OSError where that cannot be."""
    there = Path(plan.parts) / PLAN
    there.parent.mkdir(parents=True, exist_ok=True)
    draft = there.with_suffix(".part")
    draft.write_text(json.dumps(asdict(plan), allow_nan=False), encoding="utf-8")
    os.replace(draft, there)


def draft_of(part: Path) -> Path:
    """Return where this process writes a part before it appears."""
    return part.with_suffix(f".{os.getpid()}.part")


def here(workers: int | None) -> Spread[Any]:
    """Return how parts are run on this machine: in so many processes, one for each core where None."""
    count = archive_processes.cores() if workers is None else workers

    def spread(work: Work[Plan], plan: Plan, numbers: Sequence[int]) -> Iterator[int]:
        if min(count, len(numbers)) < 2:  # another process would only have to load torch again
            return one_after_the_other(work, plan, numbers)
        return archive_processes.in_processes(work, plan, numbers, count)

    return spread


def one_after_the_other(work: Work[Plan], plan: Plan, numbers: Sequence[int]) -> Iterator[int]:
    """Run the parts here, one by one."""
    for number in numbers:
        work(plan, number)
        yield number
