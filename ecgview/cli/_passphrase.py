"""The passphrase of a key: asked at the terminal, unless the environment gives it."""

import getpass
import os
import sys

from ecgview.errors import ReportError


def asked(*, twice: bool) -> str:
    """Return what was typed, unseen; "" where the environment gives it, or nobody is there.

    Raises:
        ReportError: the two are not the same.
    """
    from ecgview.report.key_table import PASSPHRASE, PASSPHRASE_FILE

    if (
        os.environ.get(PASSPHRASE)
        or os.environ.get(PASSPHRASE_FILE)
        or not (sys.stdin and sys.stdin.isatty())
    ):
        return ""
    first = getpass.getpass("Passphrase of the key (nobody can open it without): ")
    if twice and getpass.getpass("Once more: ") != first:
        raise ReportError("the two passphrases differ")
    return first
