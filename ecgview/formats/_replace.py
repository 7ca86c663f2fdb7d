"""Files that are written whole or not at all."""

import os
import tempfile
from pathlib import Path

from ecgview.errors import FormatError


def replace_file(target: Path, content: bytes) -> None:
    """Put bytes into a file by way of a temporary one beside it.

    Raises:
        FormatError: the file cannot be written; what stood there before still does.
    """
    scratch = ""
    try:
        handle, scratch = tempfile.mkstemp(prefix=f".{target.name[:60]}-", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(scratch, 0o666 & ~_umask())
        os.replace(scratch, target)
    except OSError as error:
        if scratch and os.path.exists(scratch):
            os.unlink(scratch)
        raise FormatError(f"cannot be written ({error.strerror or error})", where=str(target)) from None


def _umask() -> int:
    found = os.umask(0o077)
    os.umask(found)
    return found
