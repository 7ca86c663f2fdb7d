"""The head of the log, kept beside the store under a key, so that a chain that was cut or made anew is seen.

Each transaction writes, before it ends, where the chain stands and where it will stand: whether it then comes to
its end or is killed, the chain is at one of the two; after it, where it stands now. The key lies with the user's
settings, away from the store: who gets the store's folder alone cannot make a head. Who may read the user's files
can; a printed head shows that.
"""

import contextlib
import errno
import hmac
import json
import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from ecgview.errors import StoreError
from ecgview.review.audit import FIRST_LINK

MISSING = "no head is kept beside the store"
_KEY_BYTES = 32
_LONGEST = 10_000  # bytes of a file of heads; ours has about 700


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
    """What the file says: where the chain may stand, or in words why that cannot be told."""

    heads: tuple[Head, ...] = ()
    trouble: str = ""


class KeptHead:
    """The file of one store. It is written while the store's own lock is held, so by one program at a time."""

    def __init__(self, store_path: Path) -> None:
        self.path = store_path.with_name(store_path.name + ".head")

    def stamp(self) -> bytes:
        """Return the file as it lies, b"" where there is none: to see whether it was written meanwhile."""
        try:
            with self.path.open("rb") as file:
                return file.read(_LONGEST)
        except OSError:
            return b""

    def look(self, store: str) -> Found:
        """Return what is kept for a store of this identity."""
        raw = self.stamp()
        if not raw:
            return Found(trouble=MISSING)
        try:
            said = json.loads(raw)
            heads = tuple(Head(**one) for one in said["heads"])
            name, mac = str(said["store"]), str(said["mac"])
        except (ValueError, KeyError, TypeError):
            return Found(trouble="the kept head cannot be read")
        if name != store:
            last = max(heads, key=lambda one: one.entry, default=Head())
            return Found(trouble=f"another store lay here before, with {last.entry} entries")
        key = _key(store, is_made=False)
        if key is None:
            return Found(trouble="the key of the kept head is not here, so that it cannot be checked")
        if not hmac.compare_digest(mac, _mac(key, name, heads)):
            return Found(trouble="the kept head was not written with its key")
        return Found(heads)

    def keep(self, store: str, heads: tuple[Head, ...], *, durable: bool) -> None:
        """Write where the chain stands and will stand; nothing where this user has no place for a key.

        Raises:
            StoreError: the file cannot be written.
        """
        key = _key(store, is_made=True)
        if key is None:
            return
        said = {"store": store, "heads": [asdict(one) for one in heads], "mac": _mac(key, store, heads)}
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}-{threading.get_ident()}")
        try:
            _write(part, json.dumps(said).encode(), durable=durable)
            part.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            full = error.errno == errno.ENOSPC
            raise StoreError(
                f"{'the disk is full' if full else 'the head of the log cannot be kept'}; nothing was written",
                where=str(self.path),
                found=error.strerror,
            ) from error


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
    kept = found.heads[0]
    if entries.get(kept.entry, FIRST_LINK if kept.entry == 0 else "") != kept.entry_hash:
        if now.entry < kept.entry:
            return (
                f"the log is cut: it ends with entry {now.entry}, entry {kept.entry} had been written; "
                "or an older copy of the store lies here"
            )
        return f"entry {kept.entry} of the log is not the one that was written: it was made anew"
    if rows.get(kept.row, FIRST_LINK if kept.row == 0 else "") != kept.row_hash:
        if now.row < kept.row:
            return f"{kept.row - now.row} of the rows written last are gone"
        return f"row {kept.row} of the store is not the one that was written"
    return f"{now.entry - kept.entry} entries and {now.row - kept.row} rows stand after the last that ecgview wrote"


def _mac(key: bytes, store: str, heads: tuple[Head, ...]) -> str:
    text = json.dumps([store, [asdict(one) for one in heads]], sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _key(store: str, *, is_made: bool) -> bytes | None:
    """Return the key of a store, made where there is none and it is asked for; None where there is none."""
    folder = Path(platformdirs.user_config_dir("ecgview", appauthor=False)) / "keys"
    path = folder / f"{store}.key"
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        return key if len(key) == _KEY_BYTES else None
    except FileNotFoundError:
        if not is_made:
            return None
    except (OSError, ValueError):
        return None
    key = secrets.token_bytes(_KEY_BYTES)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        _write(part, key.hex().encode(), durable=True)
        part.replace(path)
    except OSError:
        return None
    return key


def _write(path: Path, content: bytes, *, durable: bool) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
