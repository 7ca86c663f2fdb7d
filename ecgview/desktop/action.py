"""What a module of `ecgview.desktop.actions` must hold: `MENU`, `ORDER` and rows of `Action`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.desktop.state.workspace import Workspace


Fact = Literal[
    "record",  # another record is open, or none
    "opening",  # one is being opened
    "read",  # another session, or it stands elsewhere: locked, signed, AI opened
    "draft",  # what the reader states
    "view",
    "paper",
    "theme",
    "blind",  # whether reads are begun blind
    "lines",  # edges of waves and letters of beats on the trace
    "mouse",  # what a drag over the trace does
    "map",  # where on the trace a score comes from, or nothing
    "sides",  # worklist, panels and full screen
    "thumbnails",
    "recent",  # what was opened before
    "settings",  # a choice that nothing else shows; it changes by its own action alone
]


def always(workspace: Workspace) -> bool:
    """Return True: the action needs nothing."""
    return True


def with_record(workspace: Workspace) -> bool:
    """Return whether an ECG is open."""
    return workspace.ecg.record is not None


def with_recording(workspace: Workspace) -> bool:
    """Return whether an ECG is open and shown as it was recorded."""
    return workspace.ecg.record is not None and not workspace.ecg.record.what_if


def with_session(workspace: Workspace) -> bool:
    """Return whether an ECG is open and somebody reads it."""
    return workspace.reading.session is not None


def with_ai(workspace: Workspace) -> bool:
    """Return whether an ECG is open and AI may be shown."""
    return workspace.reading.may_show_ai()


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a user can do, as a row of a menu.

    `id` is dotted ("view.zoom_in") and stable; `shortcuts` are Qt key texts, the first one is shown.
    `follows` names the facts that `enabled_when`, `checked_when` and `text_when` depend on: they are asked again
    when one of these changes, and only then.
    `checked_when` makes the action checkable. `text_when` says another text where the state asks for one. `short` is
    the text of its tool button. `submenu` groups rows of one menu under a title. `repeats` lets a key that is
    held down do it again and again: only what moves, never what writes. `edits` says that it changes a read: while
    a record is being opened it is refused, and says so.
    """

    id: str
    text: str
    run: Callable[[Frame], object]
    shortcuts: tuple[str, ...] = ()
    enabled_when: Callable[[Workspace], bool] = always
    checked_when: Callable[[Frame], bool] | None = None
    text_when: Callable[[Workspace], str] | None = None
    follows: tuple[Fact, ...] = ()
    hint: str = ""
    short: str = ""
    submenu: str = ""
    separator_before: bool = False
    repeats: bool = False
    edits: bool = False
