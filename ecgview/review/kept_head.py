"""The head of the log, kept outside of the store under a key, so that a chain that was cut or made anew is seen.

Each transaction writes, before it ends, where the chain stands and where it will stand: whether it then comes to
its end or is killed, the chain is at one of the two; after it, where it stands now. A chain that is not where it was
left is never written as one of the two: only where it will stand with the entry that says so. Head and key lie with
the user's settings: who gets the store's folder alone can neither make a head nor bring an older one back. Who may
read the user's files can; a printed head shows that.
"""

import contextlib
import errno
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from ecgview import private
from ecgview.errors import StoreError
from ecgview.review.audit import FIRST_LINK

MISSING = "no head of the log is kept here for a store at this place"
_LINKING = "the store was being brought up to date when the program ended"
_KEY_BYTES = 32
_SLOT_BYTES = (
    1024  # of two, written in turn and in place: one holds whatever ends the program, and none is renamed
)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands: number and hash of its last entry, and of the last link of the rows."""

    entry: int = 0
    entry_hash: str = FIRST_LINK
    row: int = 0
    row_hash: str = FIRST_LINK

    @property
    def text(self) -> str:
        """As it is printed, and as `ecgview log verify --head` takes it: "57:3f2a..."."""
        return f"{self.entry}:{self.entry_hash}"


@dataclass(frozen=True, slots=True)
class Found:
    """What the file says: where the chain may stand, and in words why it cannot be told of any other place."""

    heads: tuple[Head, ...] = ()
    trouble: str = ""
    on_disk: tuple[int, int] = (0, 0)  # the last entry and row that no power cut takes any more


class KeptHead:
    """The file of one store. It is written while the store's own lock is held, so by one program at a time."""

    def __init__(self, store_path: Path) -> None:
        self.path = _file_of(os.path.realpath(store_path))
        # a link may have taken the place of a store: what lay under its name is not forgotten for that
        self._of_name = _file_of(os.path.join(os.path.realpath(store_path.parent), store_path.name))

    def stamp(self) -> bytes:
        """Return the file as it lies, b"" where there is none: to see whether it was written meanwhile."""
        return _read(self.path) or _read(self._of_name)

    def look(self, store: str) -> Found:
        """Return what is kept for a store of this identity."""
        raw = self.stamp()
        if not raw:
            return Found(trouble=MISSING)
        slots = _slots(raw)
        if not slots:
            return Found(trouble="the kept head cannot be read")
        if _is_only_announced(slots[-1], store):  # another was to take its place, and did not
            if len(slots) == 1:
                return Found(trouble=MISSING)
            slots = slots[:1]
        of_name = _slots(_read(self._of_name))[-1:] if self._of_name != self.path else []
        for newest in (slots[-1], *of_name):
            if newest.store != store and not _is_only_announced(newest, store):
                last = max(one.entry for one in newest.heads)
                return Found(trouble=f"another store lay here before, with {last} entries")
        key = _key(store, is_made=False)
        if key is None:
            return Found(trouble="the key of the kept head is not here, so that it cannot be checked")
        sound = [one for one in slots if hmac.compare_digest(one.mac, one.computed_mac(key))]
        if not sound:
            return Found(trouble="the kept head was not written with its key")
        return Found(sound[-1].heads, sound[-1].unsaid, sound[-1].on_disk)

    @contextlib.contextmanager
    def kept_first(self, store: str, at: Head) -> Iterator[None]:
        """Keep the first head of a store that is brought up to date, before and after its transaction ends.

        Nothing is kept where the place has a head: then another store lay here. One of an update that did not come
        to its end does not count; the store gets another identity as it is tried again.
        """
        slots = _slots(self.stamp())
        is_first = not slots or slots[-1].unsaid == _LINKING
        if is_first:
            with contextlib.suppress(
                StoreError
            ):  # no reason not to bring it up to date: then the check says so
                self.keep(store, (at,), durable=True, unsaid=_LINKING)
        yield
        if is_first:
            with contextlib.suppress(StoreError):
                self.keep(store, (at,), durable=True)

    def keep(
        self,
        store: str,
        heads: tuple[Head, ...],
        *,
        durable: bool = False,
        on_disk: tuple[int, int] | None = None,
        unsaid: str = "",
    ) -> None:
        """Write where the chain stands and will stand; nothing where this user has no place for a key.

        Args:
            store: its identity.
            heads: where the chain is or will be.
            durable: return only when the disk has what is written here.
            on_disk: the last entry and row of the chain that the disk has for certain; None: as was said before.
            unsaid: what was found wrong, until the chain stands where an entry says so.

        Raises:
            StoreError: the file cannot be written.
        """
        key = _key(store, is_made=True)
        if key is None:
            return
        slots = _slots(self.stamp())
        number = slots[-1].number + 1 if slots else 0
        if unsaid and len(slots) == 2 and slots[-1].unsaid:
            number += 1  # over the last one: the other says what is certain
        if on_disk is None:
            on_disk = slots[-1].on_disk if slots and slots[-1].store == store else (0, 0)
        slot = _Slot(store, number, heads, on_disk=on_disk, unsaid=unsaid)
        text = (
            json.dumps({**asdict(slot), "mac": slot.computed_mac(key)}, allow_nan=False)
            .encode()
            .ljust(_SLOT_BYTES)
        )
        try:
            opened = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(opened, "wb", buffering=0) as file:
                private.close(self.path)
                file.seek(number % 2 * _SLOT_BYTES)
                file.write(text)
                if durable:
                    os.fsync(file.fileno())
        except OSError as error:
            full = error.errno == errno.ENOSPC
            raise StoreError(
                f"{'the disk is full' if full else 'the head of the log cannot be kept'}; nothing was written",
                where=str(self.path),
                found=error.strerror,
            ) from error


@dataclass(frozen=True, slots=True)
class _Slot:
    store: str
    number: int  # the newest counts
    heads: tuple[Head, ...]
    mac: str = ""
    on_disk: tuple[int, int] = (0, 0)
    unsaid: str = ""  # what was found wrong while no entry says so

    def computed_mac(self, key: bytes) -> str:
        fields = asdict(self)
        del fields["mac"]
        if self.on_disk == (0, 0):  # as heads were kept before that was told
            del fields["on_disk"]
        if not self.unsaid:
            del fields["unsaid"]
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hmac.new(key, text.encode(), "sha256").hexdigest()


def _slots(raw: bytes) -> list[_Slot]:
    """Return what can be read of a file, the newest last; what was torn is left out."""
    found = []
    for at in (0, _SLOT_BYTES):
        try:
            said = json.loads(raw[at : at + _SLOT_BYTES])
            heads = tuple(Head(**one) for one in said["heads"])
            entry, row = said.get("on_disk", (0, 0))
            if heads:
                store, number, mac = str(said["store"]), int(said["number"]), str(said["mac"])
                unsaid = str(said.get("unsaid", ""))
                found.append(_Slot(store, number, heads, mac, (int(entry), int(row)), unsaid))
        except (ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda one: one.number)


def differs(found: Found, now: Head, entries: Mapping[int, str], rows: Mapping[int, str]) -> str:
    """Return in words how the chain differs from what is kept; "" if it does not.

    Args:
        found: what is kept.
        now: where the chain stands.
        entries: number to hash of its entries.
        rows: number to hash of its links.
    """
    if not found.heads:
        return found.trouble
    if now in found.heads:
        return ""
    if found.trouble:
        return found.trouble
    kept = found.heads[0]
    if entries.get(kept.entry, FIRST_LINK if kept.entry == 0 else "") != kept.entry_hash:
        if now.entry < kept.entry:
            return (
                f"the log is cut: it ends with entry {now.entry}, entry {kept.entry} had been written: "
                f"somebody cut it, an older copy of the store lies here, {_or_power(found, now)}"
            )
        return f"entry {kept.entry} of the log is not the one that was written: it was made anew"
    if rows.get(kept.row, FIRST_LINK if kept.row == 0 else "") != kept.row_hash:
        if now.row < kept.row:
            gone = f"{kept.row - now.row} of the rows written last are gone"
            return f"{gone}: somebody cut them, {_or_power(found, now)}"
        return f"row {kept.row} of the store is not the one that was written"
    return f"{now.entry - kept.entry} entries and {now.row - kept.row} rows stand after the last that ecgview wrote"


def _or_power(found: Found, now: Head) -> str:
    """Return in words whether a power cut can have taken what is gone: never what the disk was waited for."""
    entry, row = found.on_disk
    if now.entry < entry or now.row < row:
        return (
            "or the disk lost it; a power cut takes nothing that was there once a read was locked or signed"
        )
    return "or the power failed before the disk had it, which nothing here can tell apart"


def _key(store: str, *, is_made: bool) -> bytes | None:
    """Return the key of a store, made where there is none and it is asked for; None where there is none."""
    folder = _folder()
    path = folder / f"{store}.key"
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        for one in (folder, path):  # as a backup of the whole home brings them back, or somebody's chmod
            private.close(one)
        return key if len(key) == _KEY_BYTES else None
    except FileNotFoundError:
        if not is_made:
            return None
    except (OSError, ValueError):
        return None
    key = secrets.token_bytes(_KEY_BYTES)
    try:
        private.make_folder(folder.parent)
        private.make_folder(folder)
        part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(key.hex().encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        return None
    return key


def _file_of(place: str) -> Path:
    return _folder() / f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.head"


def _is_only_announced(newest: "_Slot", store: str) -> bool:
    """Whether a slot is of another store whose first entry here is not written for certain."""
    key = _key(newest.store, is_made=False) if newest.store != store and newest.unsaid else None
    return key is not None and hmac.compare_digest(newest.mac, newest.computed_mac(key))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(2 * _SLOT_BYTES)
    except OSError:
        return b""


def _folder() -> Path:
    return Path(platformdirs.user_config_dir("ecgview", appauthor=False)) / "keys"
