"""What a module of `ecgview.desktop.panels` must hold: one `PANEL`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel beside the trace.

    `views` names the tabs that show it (see `ecgview.desktop.views`), `order` its place from the top, and `make`
    builds its widget from the workspace. `mouse_mode` is the mouse mode whose results stand in it: the panel is brought
    into sight when the hand takes that up. The window discovers panels; it names none of them.
    """

    id: str
    title: str
    views: tuple[str, ...]
    order: int
    make: Callable[[Workspace], QWidget]
    mouse_mode: str = ""
