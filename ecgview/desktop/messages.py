"""What the window tells its user: one line, how serious it is, and the details behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from ecgview.errors import EcgviewError

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Message:
    """One line for the message strip; `details` opens on request.

    `about` is the record it belongs to: it leaves when another one is shown. None: it is about no record.
    """

    text: str
    level: Level = "info"
    details: str = ""
    about: Path | None = None


def from_error(error: EcgviewError, about: Path | None = None) -> Message:
    """Return the message for an error the user is told about: file and sentence; where, expected, found."""
    parts = (("Where", error.where), ("Expected", error.expected), ("Found", error.found))
    details = "\n".join(f"{name}: {value}" for name, value in parts if value)
    name = PurePath(error.where).name if error.where else ""
    text = sentence(error.message)
    return Message(f"{name}: {text[0].lower()}{text[1:]}" if name else text, "error", details, about)


def sentence(text: str) -> str:
    """Return a text with a capital at its beginning and a stop at its end."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
