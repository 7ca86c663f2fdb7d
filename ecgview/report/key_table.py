"""The key of an export, which new file was which: under a passphrase, since it undoes the de-identification.

    ecgview-key 1
    {"kdf": "scrypt", "n": 131072, "r": 8, "p": 1, "salt": "..."}
    ... base64, a line for each row ...

scrypt makes a key of the passphrase (a guess costs 0.3 s and 128 MB), AES-256-GCM keeps each row and sees every change
of it, its number and the lines above included; both are OpenSSL's, through `cryptography`. Rows cut from the end are
not seen. Nobody can open it without the passphrase: there is no other way in, and who loses it makes the export again
from its sources.
"""

import base64
import csv
import io
import json
import os
import unicodedata
from pathlib import Path

from ecgview import csv_cells
from ecgview.errors import ReportError

HEAD = "ecgview-key 1"
PASSPHRASE = "ECGVIEW_KEY_PASSPHRASE"  # of scripts; or the name of a file that holds it
PASSPHRASE_FILE = "ECGVIEW_KEY_PASSPHRASE_FILE"
SHORTEST = 12  # characters
LARGEST = 200_000_000  # bytes of a key: some two million files
COLUMNS = ("file", "source")
_N, _R, _P = 1 << 17, 8, 1
Row = tuple[str, ...]


class KeyTable:
    """A key that is being written; a row is on the disk when `add` returns."""

    def __init__(self, path: Path, passphrase: str) -> None:
        """Begin a key; ReportError if the passphrase is too short, or the file is there or cannot be made."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt = os.urandom(16)
        said = {"kdf": "scrypt", "n": _N, "r": _R, "p": _P, "salt": base64.b64encode(salt).decode()}
        self._path, self._count = path, 0
        self._head = f"{HEAD}\n{json.dumps(said, allow_nan=False)}\n"
        self._sealer = AESGCM(_secret(_checked(passphrase), salt))
        try:
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(opened, "w", encoding="ascii") as key:
                key.write(self._head)
        except OSError as error:
            raise ReportError(f"the key cannot be written ({error.strerror})", where=str(path)) from None
        self.add(*COLUMNS)

    def add(self, file: str, source: str) -> None:
        """Add which new file was which; ReportError if it cannot be written."""
        text = io.StringIO()
        csv_cells.Writer(text, lineterminator="").writerow((file, source))
        nonce = os.urandom(12)
        told = f"{self._head}{self._count}".encode()
        sealed = self._sealer.encrypt(nonce, text.getvalue().encode("utf-8", "surrogateescape"), told)
        try:
            with open(self._path, "a", encoding="ascii") as key:
                key.write(base64.b64encode(nonce + sealed).decode() + "\n")
        except OSError as error:
            raise ReportError(
                f"the key cannot be written ({error.strerror})", where=str(self._path)
            ) from None
        self._count += 1


def given(asked: str | None = None) -> str:
    """Return the passphrase that the environment gives, itself or by a file, else `asked`.

    Raises:
        ReportError: there is none, or its file cannot be read.
    """
    if named := os.environ.get(PASSPHRASE_FILE):
        try:
            text = Path(named).read_text(
                encoding="utf-8-sig"
            )  # editors of Windows mark a file at its beginning
            return _checked(text.rstrip("\r\n"))
        except (OSError, ValueError) as error:
            raise ReportError(
                f"the passphrase cannot be read ({error})", where=f"{PASSPHRASE_FILE}={named}"
            ) from None
    found = os.environ.get(PASSPHRASE) or asked
    if not found:
        raise ReportError(
            "a key is kept under a passphrase, and nobody is there to be asked",
            expected=f"{PASSPHRASE}, or {PASSPHRASE_FILE} with a file that holds it",
        )
    return _checked(found)


def is_plain(path: Path) -> bool:
    """Return whether a key is a table that anybody can read, as they were before."""
    try:
        with open(path, "rb") as file:
            return file.read(len(HEAD)) != HEAD.encode()
    except OSError:
        return False


def read(path: Path, passphrase: str) -> list[Row]:
    """Return the rows of a key, without its header; one of before, which is plain, is read, too.

    Raises:
        ReportError: it is no key, was changed, or the passphrase is another.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)  # what tells no size may have no end
        if len(raw) > LARGEST:
            raise ReportError(
                "is too large for a key", where=str(path), expected=f"{LARGEST:,} bytes at most"
            )
        text = raw.decode("utf-8")
    except (OSError, ValueError) as error:
        raise ReportError(f"the key cannot be read ({error})", where=str(path)) from None
    if is_plain(path):
        return _table(text, path)
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    rows = []
    try:
        head, told, *lines = text.split("\n")
        lines.pop()  # behind the last line break: nothing, or a row that a kill cut
        said = json.loads(told)
        if (said["kdf"], said["n"], said["r"], said["p"]) != (
            "scrypt",
            _N,
            _R,
            _P,
        ):  # another n takes all memory
            raise ValueError("its sizes are unknown")
        opener = AESGCM(_secret(passphrase, base64.b64decode(said["salt"], validate=True)))
        for number, line in enumerate(lines):
            raw = base64.b64decode(line, validate=True)
            rows.append(opener.decrypt(raw[:12], raw[12:], f"{head}\n{told}\n{number}".encode()))
    except InvalidTag:
        raise ReportError("the passphrase is another, or the key was changed", where=str(path)) from None
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise ReportError(f"the key cannot be understood ({error})", where=str(path)) from None
    return _table("\n".join(row.decode("utf-8", "surrogateescape") for row in rows), path)


def is_cut(path: Path) -> bool:
    """Return whether a key ends within a row, as where a program was killed: that row cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return not is_plain(path) and file.read() != b"\n"
    except OSError:
        return False


def migrate(path: Path, passphrase: str) -> bool:
    """Put a plain key of before under a passphrase, in its place; return whether it was one.

    Raises:
        ReportError: it is no key, or cannot be written; it stays as it was then.
    """
    if not is_plain(path):
        return False
    rows, part = read(path, passphrase), path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        made = KeyTable(part, passphrase)
        for row in rows:
            made.add(*row)
        os.replace(part, path)
    except OSError as error:
        raise ReportError(f"the key cannot be written ({error.strerror})", where=str(path)) from None
    finally:
        part.unlink(missing_ok=True)
    return True


def _table(text: str, path: Path) -> list[Row]:
    try:
        rows = [tuple(map(csv_cells.plain, row)) for row in csv.reader(io.StringIO(text))]
    except csv.Error as error:
        raise ReportError(f"is no key ({error})", where=str(path)) from None
    if not rows or rows[0] != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise ReportError("is no key of an export", where=str(path), expected=", ".join(COLUMNS))
    return rows[1:]


def _secret(passphrase: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    # An "é" is one character on one keyboard and two on another.
    typed = unicodedata.normalize("NFC", passphrase)
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(typed.encode("utf-8"))


def _checked(passphrase: str) -> str:
    if len(passphrase.strip()) < SHORTEST:
        raise ReportError("the passphrase is too short", expected=f"{SHORTEST} characters or more")
    return passphrase
