"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecgview.errors import ReportError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it takes the place of `path` when all went well, and is gone otherwise.

    Raises:
        ReportError: the file cannot be written; an older one stays as it was.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ReportError(f"cannot be written ({error.strerror or error})", where=str(path)) from None
