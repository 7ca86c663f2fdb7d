"""What runs inside a measured process: ecgview is started as a user does, watched, and driven by its keys.

python probes.py ANSWER BEGAN CHECKOUT PROBE ARG...   writes a JSON object to ANSWER

Nothing here imports a module of ecgview by its place but the command line's `main`: windows, canvas and fields
are found by the name of their class, so that one script measures the house before and after a move.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watching import Calls, Opens, Questions, heavy_loaded

QUIET_S = 1.0  # nothing runs any more when no job was alive for so long
PATIENCE_S = 60.0

Answer = Callable[[dict[str, Any]], None]


def main() -> None:
    """Run the probe that is named."""
    answer_path, began, checkout, name, *args = sys.argv[1:]

    def answer(found: dict[str, Any]) -> None:
        Path(answer_path).write_text(json.dumps(found, allow_nan=False), encoding="utf-8")

    try:
        PROBES[name](answer, float(began), Path(checkout), *args)
    except Exception as error:  # told in the table, instead of a figure
        answer({"error": f"{type(error).__name__}: {error}"[:200]})
    _end_process()  # a window in disorder may keep a worker for ever


# ---- the window as a user starts it ------------------------------------------------------------------


def open_window(args: list[str], in_exec: Callable[[Any], None], *, loops: bool = False) -> None:
    """Run `ecgview open ARGS`; `in_exec` gets the window where the event loop would start.

    The event loop runs afterwards if `loops`.
    """
    from PySide6.QtWidgets import QApplication

    theirs = QApplication.exec

    failed: list[Exception] = []

    def instead(*_self: object) -> int:
        try:
            in_exec(_window())
        except Exception as error:  # the command line would make a sentence of it
            failed.append(error)
            return 1
        return int(theirs()) if loops else 0

    QApplication.exec = staticmethod(instead)  # type: ignore[method-assign]
    from ecgview.cli import main as command_line

    code = command_line(["open", *args])
    if failed:
        raise failed[0]
    if code:
        raise RuntimeError(f"ecgview open gave exit code {code}")


def _window() -> Any:
    from PySide6.QtWidgets import QApplication, QMainWindow

    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QMainWindow) and type(widget).__module__.startswith("ecgview."):
            return widget
    raise LookupError("no window of ecgview is there")


def _named(window: Any, class_name: str) -> Any:
    """Return the child of the window whose class is called so."""
    from PySide6.QtCore import QObject

    for child in window.findChildren(QObject):
        if type(child).__name__ == class_name:
            return child
    raise LookupError(f"the window has no {class_name}")


def _holder(root: Any, attribute: str, depth: int = 2) -> Any:
    """Return the object of ours that has an attribute: the root, or what it holds, to some depth."""
    level, seen = [root], {id(root)}
    for _ in range(depth + 1):
        below = []
        for thing in level:
            if hasattr(thing, attribute):
                return thing
            for held in list(getattr(thing, "__dict__", {}).values()):
                if type(held).__module__.startswith("ecgview.") and id(held) not in seen:
                    seen.add(id(held))
                    below.append(held)
        level = below
    raise LookupError(f"nothing in the window has {attribute}")


def _on_paint(canvas: Any, done: Callable[[], None], *, blank: bool) -> None:
    """Call `done` after the canvas has painted a trace, or anything at all if `blank`."""
    kind: Any = next(one for one in type(canvas).__mro__ if "paintEvent" in vars(one))
    theirs = kind.paintEvent

    def paint(self: Any, event: Any) -> None:
        theirs(self, event)
        if self is canvas and (blank or self.record is not None):
            done()

    kind.paintEvent = paint
    if not blank and getattr(canvas, "painted", None) is not None:
        done()  # before there was an event loop


def _end_process() -> None:
    """Leave at once: what comes after the moment that was waited for is not measured."""
    sys.stdout.flush()
    os._exit(0)


# ---- start-up and the way to pixels ------------------------------------------------------------------


def first_window(answer: Answer, began: float, _checkout: Path) -> None:
    """Time from the start of the process to the first paint of the window without a file."""
    _time_paint(answer, began, [], blank=True)


def first_trace(answer: Answer, began: float, _checkout: Path, record: str) -> None:
    """Time from the start of the process to the first paint of the trace of a named file."""
    _time_paint(answer, began, [record], blank=False)


def _time_paint(answer: Answer, began: float, args: list[str], *, blank: bool) -> None:
    def painted() -> None:
        answer({"wall_s": time.time() - began, "cpu_s": time.process_time()})
        _end_process()

    open_window(
        args, lambda window: _on_paint(_named(window, "TraceCanvas"), painted, blank=blank), loops=True
    )


def way_to_pixels(answer: Answer, _began: float, checkout: Path, record: str) -> None:
    """Count what runs from the start of `ecgview open FILE` to the first paint of its trace."""
    calls, opens = Calls(checkout), Opens(Path(record))
    calls.listen()
    open_window(
        [record],
        lambda window: _on_paint(
            _named(window, "TraceCanvas"), lambda: _tell_way(answer, calls, opens), blank=False
        ),
        loops=True,
    )


def way_of_drop(answer: Answer, _began: float, checkout: Path, record: str) -> None:
    """Count what runs from the drop of a file on a window at rest to the first paint of its trace."""
    calls, opens = Calls(checkout), Opens(Path(record))
    calls.listen()

    def act(window: Any) -> None:
        from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
        from PySide6.QtGui import QDropEvent

        hand = Hand(window)
        hand.rest()
        dropped = QMimeData()
        dropped.setUrls([QUrl.fromLocalFile(record)])
        _on_paint(hand.canvas, lambda: _tell_way(answer, calls, opens), blank=False)
        calls.forget()
        event = QDropEvent(
            QPointF(hand.canvas.rect().center()),
            Qt.DropAction.CopyAction,
            dropped,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        window.dropEvent(event)
        hand.trace()
        raise RuntimeError("the trace of the dropped file was not painted")

    open_window([], act)


def _tell_way(answer: Answer, calls: Calls, opens: Opens) -> None:
    sys.setprofile(None)
    answer(
        {
            "files": calls.files,
            "jobs": calls.jobs,
            "imported": sum(name.partition(".")[0] == "ecgview" for name in sys.modules),
            "heavy": heavy_loaded(),
            "opened": dict(opens.at_home),
            "copies": dict(opens.copies),
        }
    )
    _end_process()


# ---- questions to the networks -----------------------------------------------------------------------


def _turn_events(ms: int = 20) -> None:
    """Let events through for a while, by a loop that leaves the interpreter to the workers (`QTest.qWait` does not)."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


class Hand:
    """A reader's hand on the window: keys, and waiting until nothing runs."""

    def __init__(self, window: Any) -> None:
        self.window = window
        self.canvas = _named(window, "TraceCanvas")
        self._jobs = _named(window, "Jobs")

    def wait_for(self, what: str, there: Callable[[], bool]) -> None:
        """Let events through until something is so; TimeoutError names it."""
        until = time.monotonic() + PATIENCE_S
        while not there():
            _turn_events()
            if time.monotonic() > until:
                raise TimeoutError(f"{what} did not come within {PATIENCE_S:.0f} s")

    def rest(self) -> None:
        """Wait until no job was alive for a while: idle."""
        until, busy = time.monotonic() + PATIENCE_S, time.monotonic()
        while time.monotonic() - busy < QUIET_S:
            _turn_events()
            now = time.monotonic()
            busy = now if self._jobs.n_alive else busy
            if now > until:
                raise TimeoutError("the window does not come to rest")

    def trace(self) -> None:
        """Wait for the trace, and until nothing runs any more."""
        self.wait_for("the trace", lambda: self.canvas.record is not None)
        self.rest()

    def press(self, key: str, *, control: bool = False) -> None:
        """Press one key on the trace, then rest."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, getattr(Qt.Key, f"Key_{key}"), modifier)
        self.rest()

    def held(self, attribute: str) -> Any:
        """Return an attribute of the window's state, wherever it is held."""
        return getattr(_holder(self.window.workspace, attribute), attribute)


def ask_in_window(answer: Answer, _began: float, _checkout: Path, record: str, report: str) -> None:
    """Open, lock a first read where there is none, reveal, look at LEF, write a report: count forwards."""
    asked = Questions()
    steps: dict[str, dict[str, int]] = {}

    def act(window: Any) -> None:
        hand = Hand(window)
        hand.trace()
        if hand.held("prediction") is None:  # blind: the reader states, locks and reveals
            hand.press("N")
            hand.press("Return", control=True)
            hand.press("R")
        hand.wait_for("the AI", lambda: hand.held("prediction") is not None)
        hand.wait_for("LEF", lambda: hand.held("lef") is not None)
        hand.rest()
        _note(steps, "AI shown", asked)
        hand.press("2")
        _note(steps, "LEF view", asked)
        _write_report(window, Path(report))
        hand.wait_for("the report", Path(report).is_file)
        hand.rest()
        _note(steps, "report", asked)
        window.close()
        hand.rest()

    open_window([record], act)
    answer({"steps": steps})


def _write_report(window: Any, path: Path) -> None:
    if hasattr(window.workspace, "export_report"):  # before: a method of the window's state
        window.workspace.export_report(path)
        return
    from ecgview.desktop.dialogs import report

    report.write(window.workspace, path)


def ask_by_command(answer: Answer, _began: float, _checkout: Path, *words: str) -> None:
    """Run one command of the command line and count forwards."""
    asked = Questions()
    from ecgview.cli import main as command_line

    if code := command_line(list(words)):
        raise RuntimeError(f"ecgview {words[0]} gave exit code {code}")
    answer({"steps": {words[0]: dict(asked.asked)}})


def _note(steps: dict[str, dict[str, int]], name: str, asked: Questions) -> None:
    """Keep what was asked since the step before."""
    steps[name] = dict(asked.asked)
    asked.asked.clear()


# ---- a typed statement -------------------------------------------------------------------------------


def typed_statement(answer: Answer, _began: float, checkout: Path, record: str, *codes: str) -> None:
    """Type statements into the statements panel, each with Enter, and count the last until idle.

    Those before it pay for what is imported and made only once. `letters` is what runs from the first key
    until idle without Enter, `enter` what runs from Enter until idle, `whole` either.
    """
    calls = Calls(checkout)
    found: dict[str, Any] = {}

    def act(window: Any) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        hand = Hand(window)
        hand.trace()
        hand.press("Slash")
        field = _named(window, "StatementEntry").field
        calls.listen()
        for n, code in enumerate(codes, start=1):
            calls.forget()
            QTest.keyClicks(field, code)
            hand.rest()
            letters, jobs = calls.files, calls.jobs
            calls.forget()
            QTest.keyClick(field, Qt.Key.Key_Return)
            hand.rest()
            enter, jobs = calls.files, jobs + calls.jobs
            stated = [statement.code for statement in hand.held("session").draft.statements]
            if len(stated) != n:
                raise RuntimeError(f"{code} was typed, but the draft has {stated}")
        sys.setprofile(None)
        found.update(letters=letters, enter=enter, whole=sorted({*letters, *enter}), jobs=jobs)

    open_window([record], act)
    answer(found)


PROBES: dict[str, Callable[..., None]] = {
    "first_window": first_window,
    "first_trace": first_trace,
    "way_to_pixels": way_to_pixels,
    "way_of_drop": way_of_drop,
    "ask_in_window": ask_in_window,
    "ask_by_command": ask_by_command,
    "typed_statement": typed_statement,
}

if __name__ == "__main__":
    main()
