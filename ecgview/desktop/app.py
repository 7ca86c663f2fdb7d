"""Starting the window."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from ecgview.desktop import theme
from ecgview.desktop.canvas import caught
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.work import backing_up, warm_up


def application() -> QApplication:
    """Return the one application object, made where there is none."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    made = QApplication(sys.argv[:1])
    made.setApplicationName("ecgview")
    made.setApplicationDisplayName("ecgview")
    return made


def open_window(*, settings: Settings | None = None, store_path: Path | None = None) -> MainWindow:
    """Return a window over a fresh workspace, not yet shown."""
    workspace = Workspace(settings=settings, store_path=store_path)
    theme.apply(application(), workspace.paper.theme)
    return MainWindow(workspace)


def run(paths: Sequence[str | Path] = ()) -> int:
    """Open the window on files, folders or globs, stay until it is closed, and return the exit code."""
    qt = application()
    window = open_window()
    hooks = Hooks(window)
    window.restore_place()
    window.show()
    if paths:
        backing_up.start_after_first_trace(window.workspace)
        window.workspace.ecg.open_paths(paths)
    else:
        backing_up.start(window.workspace)
        warm_up.preload(window.workspace)
    code = qt.exec()
    hooks.remove()
    return code


class Hooks(QObject):
    """Catches what nobody caught, in the UI thread and in any other, and has the window tell it.

    pyqtgraph wraps both hooks when it is imported; made after the window, these stand before its own, which would
    print.
    """

    _caught = Signal(object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._before = sys.excepthook, threading.excepthook
        self._caught.connect(window.show_unexpected, Qt.ConnectionType.QueuedConnection)
        sys.excepthook = self._from_here
        threading.excepthook = self._from_thread
        self._undo = caught.tell(self._caught.emit)

    def remove(self) -> None:
        """Put the hooks of before back."""
        sys.excepthook, threading.excepthook = self._before
        self._undo()

    def _from_here(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before[0](kind, error, trace)
        else:
            self._caught.emit(error)

    def _from_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._caught.emit(args.exc_value)
