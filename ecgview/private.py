"""Files that are nobody's business but their user's: reads, settings, keys. On Windows the user's profile guards them.

There a new file takes the rights of its folder, and those of a profile let in its user and administrators alone; modes
mean nothing. Everywhere else a file is made 0600 and a folder 0700, whatever the umask. What a user exports is not made
here: that keeps the umask.
"""

import contextlib
import os
import stat
import sys
from pathlib import Path

_OTHERS = 0o077
_HAS_MODES = sys.platform != "win32"


def make_folder(path: Path) -> None:
    """Make a folder for the user alone; one that is there and is ecgview's own is closed, any other left as it is.

    Raises:
        OSError: it cannot be made.
    """
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    elif path in _own():
        close(path)


def make_file(path: Path) -> None:
    """Make an empty file for the user alone, or close one that is there.

    Raises:
        OSError: it cannot be made.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    close(path)


def write_text(path: Path, text: str) -> None:
    """Write a file for the user alone, which is so before the first letter is in it.

    Raises:
        OSError: it cannot be written.
    """
    make_file(path)
    path.write_text(text, encoding="utf-8")


def close(path: Path) -> None:
    """Take from others what they may do with a file or folder of this user's; of another's, or none, nothing."""
    if not _HAS_MODES:
        return
    with contextlib.suppress(OSError):  # a file system without modes, or one that may not be written
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & _OTHERS:
            os.chmod(path, stat.S_IMODE(found.st_mode) & ~_OTHERS)


def _own() -> tuple[Path, ...]:
    import platformdirs

    ways = (platformdirs.user_data_dir, platformdirs.user_config_dir, platformdirs.user_cache_dir)
    return tuple(Path(way("ecgview", appauthor=False)) for way in ways)
