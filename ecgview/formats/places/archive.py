"""Archives of records (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz): what is in them, and one record of them at a time.

Nothing is unpacked beside the archive. One record's files are copied into a private folder for as long as they are
read; sizes are counted while they are copied, since what an archive says of itself may be wrong. Links, devices,
absolute names and names that lead upwards are not seen at all. The two archives last used stay open, so that a
worklist of thousands does not list them anew for each record.
"""

import bz2
import errno
import gzip
import lzma
import re
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from ecgview.errors import FormatError

MOST_ENTRIES = 200_000
LARGEST = 512_000_000  # bytes of one unpacked file
SMALL = 16_000_000  # below this no ratio is looked at
HIGHEST_RATIO = 200
LONGEST_NAME, LONGEST_PATH = 255, 2_000  # characters
MOST_TAR = 4_000_000_000  # bytes of a whole unpacked tar
CHUNK = 1 << 20
BARE = (".npy", ".csv", ".tsv", ".mat")  # may need a JSON file beside them
COLLECTIONS = (".npy", ".hdf5", ".h5")  # may have a table beside them
_ZIP = (b"PK\3\4", b"PK\5\6")
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    UnicodeError,
    OverflowError,
    IndexError,
    MemoryError,
)


class _Entries(Protocol):
    def index(self) -> "_Names": ...

    def copy(self, name: str, target: Path) -> None: ...


def is_archive(path: Path) -> bool:
    """Return whether this is a .zip or .tar by its first bytes; a NumPy .npz is none."""
    if path.suffix.lower() == ".npz":
        return False
    try:
        if path.is_fifo():  # who opens a pipe waits
            return False
        with open(path, "rb") as file:
            head = file.read(512)
    except OSError:
        return False
    if head.startswith(_ZIP):
        return True
    packed = head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"))
    return head[257:262] == b"ustar" or (packed and ".t" in "".join(path.suffixes[-2:]).lower())


def names(path: Path) -> list[str]:
    """Return the names of the plain files of an archive.

    Raises:
        FormatError: it is damaged, encrypted, or holds more entries than any worklist.
    """
    return _entries_of(path).index().all


@contextmanager
def unpacked(path: Path, name: str) -> Iterator[Path]:
    """Give one file of an archive, with those beside it that share its name's stem, in a private folder.

    Raises:
        FormatError: no such file, encrypted, damaged, or larger than an ECG can be.
    """
    entries = _entries_of(path)
    there = entries.index()
    if name not in there.known:
        raise FormatError("there is no such file in the archive", where=f"{path}: {name[:200]}")
    with tempfile.TemporaryDirectory(prefix="ecgview-") as scratch:
        wanted = PurePosixPath(name)
        target = Path(scratch) / wanted.name
        with _told_apart(path):
            entries.copy(name, target)
            for other in _beside(target, wanted, there):
                entries.copy(other, Path(scratch) / PurePosixPath(other).name)
        yield target


def _beside(target: Path, wanted: PurePosixPath, there: "_Names") -> list[str]:
    """Return what a file needs from its folder: the files that a header names, what describes it, tables.

    Looked up by name and stem, so that a record costs the same in an archive of ten and of 150,000 files.
    """
    suffix, folder = wanted.suffix.lower(), str(wanted.parent)
    found: list[str] = []
    if suffix == ".hea":
        words = target.read_bytes()[:1_000_000].decode("latin-1").split()
        named = dict.fromkeys((wanted.stem, *(re.split(r"[/\\]", word)[-1] for word in words)))
        for name in named:
            found += there.called(folder, name)
    if suffix in BARE:
        found += [one for one in there.called(folder, wanted.stem) if one.lower().endswith(".json")]
    if suffix in COLLECTIONS:
        found += there.tables(folder)
    return [one for one in dict.fromkeys(found) if one != str(wanted)]


class _Names:
    """The plain files of an archive by folder, name and stem; each is looked at once."""

    def __init__(self, names: Iterable[str]) -> None:
        self._called: dict[tuple[str, str], list[str]] = {}
        self._tables: dict[str, list[str]] = {}
        self.all = list(names)
        self.known = frozenset(self.all)
        for name in self.all:
            path = PurePosixPath(name)
            folder = str(path.parent)
            for key in {path.name, path.stem}:
                self._called.setdefault((folder, key), []).append(name)
            if path.suffix.lower() == ".csv":
                self._tables.setdefault(folder, []).append(name)

    def called(self, folder: str, name: str) -> list[str]:
        """Return the files of a folder with this name, or with this stem."""
        return self._called.get((folder, name), [])

    def tables(self, folder: str) -> list[str]:
        """Return the tables of a folder."""
        return self._tables.get(folder, [])


def _entries_of(path: Path) -> _Entries:
    with _told_apart(path):
        found = path.stat()
        return _indexed(path, found.st_mtime_ns, found.st_size)


@contextmanager
def _told_apart(path: Path) -> Iterator[None]:
    """Turn what a damaged archive raises into one error; a full disk is another."""
    try:
        yield
    except FormatError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise FormatError(
                f"cannot be unpacked into the temporary folder ({error.strerror})", where=str(path)
            ) from None
        raise _damaged(path, error) from None
    except _BROKEN as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> FormatError:
    return FormatError(
        "the archive is damaged", where=str(path), expected="a .zip or .tar", found=str(error)[:100]
    )


@lru_cache(maxsize=2)
def _indexed(path: Path, mtime_ns: int, size: int) -> _Entries:
    with open(path, "rb") as file:
        head = file.read(4)
    if head.startswith(_ZIP):  # not zipfile.is_zipfile: a tar that ends in a zip would pass
        return _Zip(zipfile.ZipFile(path), path)
    return _Tar(tarfile.open(fileobj=_plain_tar(path), mode="r:"), path)


def _plain_tar(path: Path) -> IO[bytes]:
    """Return the uncompressed tar: the file itself, or an unnamed temporary copy."""
    with open(path, "rb") as file:
        head = file.read(6)
    reader = next((reader for magic, reader in _PACKED if head.startswith(magic)), None)
    if reader is None:
        return open(path, "rb")
    most = min(MOST_TAR, max(SMALL, path.stat().st_size * HIGHEST_RATIO))
    plain: IO[bytes] = tempfile.TemporaryFile(prefix="ecgview-")  # noqa: SIM115 - stays open
    try:
        with reader(path) as source:
            _pour(source, plain, most, path)
    except BaseException:
        plain.close()
        raise
    plain.seek(0)
    return plain


def _pour(source: IO[bytes], plain: IO[bytes], most: int, path: Path) -> None:
    done = 0
    while part := source.read(CHUNK):
        done += len(part)
        if done > most:
            raise FormatError("unpacks to far too much", where=str(path), expected=f"{most:,} bytes")
        plain.write(part)


_PACKED: tuple[tuple[bytes, Callable[[Path], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ", lzma.open),
)


class _Zip:
    def __init__(self, file: zipfile.ZipFile, path: Path) -> None:
        self._file, self._path, self._lock = file, path, threading.Lock()
        entries = file.infolist()
        _refuse_many(len(entries), path)
        self._entries = {
            name: entry
            for entry in entries
            if not entry.is_dir() and _is_plain(entry.external_attr >> 16) and (name := _safe(_shown(entry)))
        }
        self._names = _Names(self._entries)

    def __del__(self) -> None:
        self._file.close()

    def index(self) -> _Names:
        return self._names

    def copy(self, name: str, target: Path) -> None:
        entry = self._entries[name]
        where = f"{self._path}: {name}"
        if entry.flag_bits & 1:
            raise FormatError("is encrypted", where=where, expected="an archive without a password")
        _refuse_large(entry.file_size, entry.compress_size, where)
        with self._lock, self._file.open(entry) as source:
            _copy(source, target, entry.file_size, where)


class _Tar:
    def __init__(self, file: tarfile.TarFile, path: Path) -> None:
        self._file, self._path, self._lock = file, path, threading.Lock()
        self._entries: dict[str, tarfile.TarInfo] = {}
        for count, entry in enumerate(file):
            _refuse_many(count, path)
            if entry.isfile() and not entry.issparse() and (name := _safe(entry.name)):
                self._entries[name] = entry
        self._names = _Names(self._entries)

    def __del__(self) -> None:
        if self._file.fileobj is not None:
            self._file.fileobj.close()

    def index(self) -> _Names:
        return self._names

    def copy(self, name: str, target: Path) -> None:
        entry = self._entries[name]
        where = f"{self._path}: {name}"
        _refuse_large(entry.size, entry.size, where)
        with self._lock:
            source = self._file.extractfile(entry)
            if source is None:
                raise FormatError("is no file", where=where)
            _copy(source, target, entry.size, where)


def _copy(source: IO[bytes], target: Path, size: int, where: str) -> None:
    done = 0
    with open(target, "wb") as file:
        while part := source.read(CHUNK):
            done += len(part)
            if done > size:
                raise FormatError("is larger than the archive says", where=where, expected=f"{size:,} bytes")
            file.write(part)


def _refuse_many(count: int, path: Path) -> None:
    if count > MOST_ENTRIES:
        raise FormatError("too many files in the archive", where=str(path), expected=f"{MOST_ENTRIES:,}")


def _refuse_large(size: int, packed: int, where: str) -> None:
    if size > LARGEST or (size > SMALL and size > HIGHEST_RATIO * max(1, packed)):
        raise FormatError(
            "unpacks to far too much",
            where=where,
            expected=f"at most {LARGEST:,} bytes and {HIGHEST_RATIO} times the packed size",
            found=f"{size:,} bytes from {packed:,}",
        )


def _is_plain(mode: int) -> bool:
    """Return whether Unix mode bits, where a zip has them, say a plain file."""
    return mode >> 12 in (0, 8)


def _safe(name: str) -> str:
    """Return the name if it stays below the archive's root, else ""."""
    clean = name.replace("\\", "/")
    parts = clean.split("/")
    if len(max(parts, key=len)) > LONGEST_NAME or len(clean) > LONGEST_PATH:
        return ""  # no system could hold the file that it asks for
    odd = clean.startswith("/") or ".." in parts or ":" in clean or not clean.isprintable()
    return "" if odd or parts[-1].startswith(".") or "__MACOSX" in parts else clean.removeprefix("./")


def _shown(entry: zipfile.ZipInfo) -> str:
    """Return the name as its author wrote it: without the UTF-8 flag it is what that system's letters were."""
    if entry.flag_bits & 0x800 or entry.filename.isascii():
        return entry.filename
    from ecgview.formats.kit.text import decode

    return decode(entry.orig_filename.encode("cp437", "replace"))
