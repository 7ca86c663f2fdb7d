"""Exposures that the store could not take, because it is read-only or its disk is full, until it can.

They lie with the state of the user's programs, a file for each store. A read that is locked meanwhile, or later, is
not called blind.
"""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ecgview import private
from ecgview.review import plain_json
from ecgview.review.exposure import Exposure, Run


@dataclass(frozen=True, slots=True)
class _Line:
    exposure: Exposure | None = None
    run: Run | None = None


class Unlogged:
    """What waits for one store."""

    def __init__(self, store_path: Path) -> None:
        name = hashlib.sha256(os.path.realpath(store_path).encode()).hexdigest()[:16]
        folder = Path(platformdirs.user_state_dir("ecgview", appauthor=False)) / "unlogged"
        self._path = folder / f"{name}.jsonl"
        self._taken = folder / f"{name}.taken.jsonl"

    def keep(self, one: Exposure | Run) -> None:
        """Keep one until the store takes it; OSError if that cannot be done either."""
        line = _Line(exposure=one) if isinstance(one, Exposure) else _Line(run=one)
        private.make_folder(self._path.parent.parent)
        private.make_folder(self._path.parent)
        opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(opened, "a", encoding="utf-8") as file:
            file.write(plain_json.dump(line) + "\n")

    def waiting(self) -> tuple[Exposure | Run, ...]:
        """Return what waits; () in most cases, without a file being opened."""
        return (*_read(self._taken), *_read(self._path))

    def take(self) -> tuple[Exposure | Run, ...]:
        """Return what waits, for a store that is writing it now; `done` says that it has."""
        if self._path.exists() and not self._taken.exists():
            with contextlib.suppress(OSError):
                self._path.rename(self._taken)  # what is kept from now on waits for the next time
        return _read(self._taken)

    def done(self) -> None:
        """Forget what was taken: the store has it."""
        with contextlib.suppress(OSError):
            self._taken.unlink(missing_ok=True)


def _read(path: Path) -> tuple[Exposure | Run, ...]:
    found: list[Exposure | Run] = []
    if path.exists():
        with contextlib.suppress(OSError):
            for text in path.read_text(encoding="utf-8").split("\n"):  # a name may hold other ends of lines
                with contextlib.suppress(ValueError):  # cut off by a full disk
                    line = plain_json.load(_Line, text)
                    found += [one for one in (line.exposure, line.run) if one is not None]
    return tuple(found)
