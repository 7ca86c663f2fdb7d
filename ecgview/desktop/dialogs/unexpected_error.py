"""What a user sees of a bug: one sentence, and a report without names and paths to pass on."""

from __future__ import annotations

import platform
import re
import sys
import traceback
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from ecgview.about import VERSION
from ecgview.desktop.dialogs.sheet import Sheet

_PATH = re.compile(
    r"""
    [^\s"',;()<>]*[\\/][^\s"',;()<>]*                                 # a word with a separator in it,
    (?:(?:\s+[^\s\\/]+){0,3}?\s+(?![A-Za-z]:)[^\s\\/]+[\\/]\S*)*      # words up to another that goes on with it,
    (?:(?:\s+[^\s\\/.]+){0,3}?\s+[^\s\\/]+\.[A-Za-z]\w{1,4}\b)?      # words up to a file's suffix: names hold blanks
    """,
    re.VERBOSE,
)
_QUOTED = re.compile(r"""(['"])(?:(?!\1).)*\1""")


def report(error: BaseException) -> str:
    """Return a report of an error: versions, kind, and the steps inside ecgview.

    Nothing of a record is in it: texts in quotation marks are left out, paths are cut to file names of
    the program, values of variables are never shown.
    """
    lines = [
        f"ecgview {VERSION}, Python {platform.python_version()}, {sys.platform}",
        f"{type(error).__name__}: {scrub(str(error))}",
    ]
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {_module(frame.filename)}:{frame.lineno} in {frame.name}")
    return "\n".join(lines)


def place(error: BaseException) -> tuple[str, str]:
    """Return the kind of an error and the line that raised it: the same bug, whichever way led there."""
    frames = traceback.extract_tb(error.__traceback__)
    return type(error).__name__, f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def scrub(text: str) -> str:
    """Return a text without quoted words and paths, which may name a person."""
    return _PATH.sub("<path>", _QUOTED.sub("<text>", text))


def show(parent: QWidget | None, error: BaseException) -> Sheet:
    """Open the dialog and return it."""
    sheet = Sheet(parent, "This should not have happened")
    sheet.add_text(
        "ecgview ran into an error of its own. What you had written is saved; you can go on, "
        "and restart if something looks wrong."
    )
    sheet.add_text(
        "The report below holds no names, no identifiers and no path. "
        "Please send it to whoever looks after ecgview.",
        "muted",
    )
    text = report(error)
    box = QPlainTextEdit(text)
    box.setReadOnly(True)
    sheet.body.addWidget(box, 1)
    copy = QPushButton("Copy the report")
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
    sheet.buttons.addButton(copy, sheet.buttons.ButtonRole.ActionRole)
    sheet.resize(620, 400)
    sheet.open()
    return sheet


def _module(filename: str) -> str:
    path = Path(filename)
    for part in ("ecgview", "site-packages"):
        if part in path.parts:
            index = len(path.parts) - 1 - path.parts[::-1].index(part)
            return "/".join(path.parts[index:])
    return path.name
