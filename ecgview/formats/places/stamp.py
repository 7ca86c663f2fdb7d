"""What the file system says of a record's files: sizes and times, by which one that was replaced is told."""

import os
import re
import time
from pathlib import Path

from ecgview.formats.places import member

_SETTLED_NS = 2_000_000_000  # file systems keep times to two seconds: what is younger could change unseen
_BESIDE = (".dat", ".mat", ".hea", ".json")  # what may hold samples, or what they mean, beside the file named
_HEADER_BYTES = 65_536
_SIGNAL_FILE = re.compile(rb"^(?!#)([^\s/\\]+\.[^\s/\\]+)\s", re.MULTILINE)


def of(path: Path) -> str:
    """Return name, size and times of every file of a record; "" where one changed just now, or there is none.

    Times are those of the content and, where the system keeps one, of the entry: a copy that brings its old time
    along is another file.
    """
    file = member.split(path)[0]
    if not file.name:  # "." and "/" have none, and no file beside that would be of the same
        return ""
    names = {file.name, *(file.with_suffix(suffix).name for suffix in _BESIDE)}
    parts, newest = [], 0
    try:
        if file.suffix.lower() == ".hea" and file.is_file():  # a pipe would be waited for
            with file.open("rb") as header:
                names |= {os.fsdecode(name) for name in _SIGNAL_FILE.findall(header.read(_HEADER_BYTES))}
        for name in sorted(names):
            try:
                found = os.stat(file.with_name(name))
            except FileNotFoundError:
                if name == file.name:
                    return ""
                continue
            newest = max(newest, found.st_mtime_ns, found.st_ctime_ns)
            parts.append(f"{name} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}")
    except (OSError, ValueError):
        return ""
    return "" if newest > time.time_ns() - _SETTLED_NS else "\n".join(parts)
