"""Files that are written whole or not at all."""

import os
from pathlib import Path

from ecgview.errors import FormatError


def replace_file(target: Path, content: bytes) -> None:
    """Put bytes into a file by way of one beside it.

    Raises:
        FormatError: the file cannot be written; what stood there before still does.
    """
    scratch = target.with_name(f".{target.name[:60]}.{os.getpid()}.part")
    try:
        scratch.write_bytes(content)
        os.replace(scratch, target)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise FormatError(f"cannot be written ({error.strerror or error})", where=str(target)) from None
