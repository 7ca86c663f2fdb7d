"""Who else has a record open: a small file per window beside the store, held by a lock of the system.

The system lets go of the lock when its process ends, however it ends, so a file that nobody holds is
left over and is taken away by whoever finds it. Where no file can be made there is no telling.
"""

import contextlib
import hashlib
import os
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from ecgview import private
from ecgview.review import plain_json
from ecgview.review.moment import Moment, now


@dataclass(frozen=True, slots=True)
class Other:
    """Another window with the same record and reader."""

    process: int
    since: Moment


class Presence:
    """This window on one record of one reader, from now until `leave`.

    `window` is a word of the window's own: what it announced itself is not somebody else.
    """

    def __init__(self, store_path: Path, record_sha256: str, reader: str, window: str = "") -> None:
        self._folder = store_path.with_name(store_path.name + ".open")
        self._key = hashlib.sha256(f"{record_sha256}\n{reader}".encode()).hexdigest()[:16]
        self._window = window or uuid.uuid4().hex
        self._path = self._folder / f"{self._key}-{self._window}-{uuid.uuid4().hex}"
        self._held: int | None = None
        self.others: tuple[Other, ...] = ()
        with contextlib.suppress(OSError):
            private.make_folder(self._folder)
            private.close(self._folder)
            self.others = self._look()
            self._announce()

    def leave(self) -> None:
        """Tell others no longer; may be called twice."""
        if self._held is not None:
            with contextlib.suppress(OSError):
                os.close(self._held)
            self._held = None
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _announce(self) -> None:
        # named only once it is held and written: a file that can be seen and is not held is left over
        made = self._path.with_name("." + self._path.name)
        held = os.open(made, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.write(held, plain_json.dump(Other(os.getpid(), now())).encode())
            _hold(held)
            made.rename(self._path)
        except OSError:
            os.close(held)
            made.unlink(missing_ok=True)
            raise
        self._held = held

    def _look(self) -> tuple[Other, ...]:
        found = []
        for path in sorted(self._folder.glob(f"{self._key}-*")):
            if path.name.startswith(f"{self._key}-{self._window}-"):
                continue
            with contextlib.suppress(OSError, ValueError):  # it was left while we looked
                other = _read_if_held(path)
                if other is not None:
                    found.append(other)
                else:
                    path.unlink(missing_ok=True)
        return tuple(found)


def _read_if_held(path: Path) -> Other | None:
    """Return what a window wrote, or None if nobody holds the file any more."""
    opened = os.open(path, os.O_RDWR)
    try:
        _hold(opened)
    except OSError:
        return plain_json.load(Other, os.read(opened, 10_000).decode())
    finally:
        os.close(opened)
    return None


if sys.platform == "win32":
    import msvcrt

    def _hold(opened: int) -> None:
        """Lock an open file far behind its text, or raise OSError at once."""
        os.lseek(opened, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(opened, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(opened, 0, os.SEEK_SET)

else:
    import fcntl

    def _hold(opened: int) -> None:
        """Lock an open file, or raise OSError at once."""
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
