"""What a drag over the trace does, and what a click with the right button offers: open to every part of the window.

The canvas follows this; whoever wants a gesture of its own says so here, and need not know the canvas:

* `Mouse.add(SpanMode(...))` adds a mouse mode. `Mouse.choose(id)` takes it up; while it is on, a left drag over the
  trace draws a rubber band, and its release calls `on_span(id, lead, start_s, end_s)`: times on samples of the record,
  earlier first, never shorter than `SHORTEST_S`; `lead` is "" where Shift was held, that is for all leads. On the way
  `on_drag` is called like it, for whom numbers are to follow the hand; with both times equal the drag is too short yet,
  or was given up. A click without a drag calls `on_click(id, lead, seconds)`. The mode stays until another is chosen
  or Escape is pressed.
* `Mouse.offer(provider)` adds rows to the menu of the paper: `provider(spot)` returns `MenuRow`s for the place
  under the mouse (None beside every lead), as the state of now has them; no rows where it has nothing to say.

A mode and its rows decide for themselves what may be offered while a read is blind: see `Reading.may_show_ai`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.state.answers import Answers
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.paper import Paper
from ecgview.overlay import Role

SHORTEST_S = 0.02  # a shorter drag is a click

OnSpan = Callable[[str, str, float, float], object]
OnClick = Callable[[str, str, float], object]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the trace as a reader thinks of it."""

    lead: str
    seconds: float
    millivolts: float


@dataclass(frozen=True, slots=True)
class MenuRow:
    """One row of the menu of the paper; with `rows` a submenu, without `run` a line that only says something.

    `checked` None: it cannot be checked. `is_first` draws a line above it.
    """

    text: str
    run: Callable[[], object] | None = None
    enabled: bool = True
    checked: bool | None = None
    rows: tuple[MenuRow, ...] = ()
    is_first: bool = False


Provider = Callable[[Spot | None], Sequence[MenuRow]]


@dataclass(frozen=True, slots=True)
class SpanMode:
    """A mouse mode in which a drag takes a stretch of time; `title` is one short word, shown as chosen.

    `offered_when` says whether it can be taken up now; a mode that is on and is not offered any more is left.
    """

    id: str
    title: str
    hint: str
    on_span: OnSpan
    on_click: OnClick | None = None
    offered_when: Callable[[], bool] = lambda: True
    role: Role = "annotation"  # the colour of its rubber band
    on_drag: OnSpan | None = None
    undo: Callable[[], object] | None = (
        None  # what Ctrl+Z means while the mode is on; None: what it means elsewhere
    )
    redo: Callable[[], object] | None = None


class Mouse(QObject):
    """The mouse mode: one that was chosen, or else what the view asks for.

    Its own modes are "pan", "caliper", "zoom" (a dragged rectangle fills the view, once), "mark" (in the annotate view)
    and "mask" (in the reconstruct view); the rest were added.

    Signals:
        changed: id of the mode of now.
        modes_changed: a mode was added, or what is offered has changed.
    """

    changed = Signal(str)
    modes_changed = Signal()

    def __init__(
        self, paper: Paper, answers: Answers, ecg: OpenRecord, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._paper, self._answers = paper, answers
        self._chosen: list[str] = []  # the last one is on; those before it come back when it is left
        self._modes: dict[str, SpanMode] = {}
        self._providers: list[Provider] = []
        self._told = self.mode
        paper.view_changed.connect(self._follow_view)
        answers.mask_mode_changed.connect(self._tell)
        ecg.opened.connect(self._let_go)
        ecg.closed.connect(self._let_go)

    # ---- modes ---------------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """The mode that is on."""
        if self._chosen:
            return self._chosen[-1]
        if self._paper.view == "reconstruct" and self._answers.mask_mode:
            return "mask"
        return "mark" if self._paper.view == "annotate" else "pan"

    @property
    def added(self) -> tuple[SpanMode, ...]:
        """The modes of other parts that can be taken up now."""
        return tuple(mode for mode in self._modes.values() if mode.offered_when())

    def added_mode(self, mode_id: str) -> SpanMode | None:
        """Return a mode of another part by its id, None if it is none of theirs."""
        return self._modes.get(mode_id)

    def add(self, mode: SpanMode) -> None:
        """Offer a mode of another part; one of the same id is replaced."""
        self._modes[mode.id] = mode
        self.modes_changed.emit()

    def choose(self, mode_id: str) -> None:
        """Take a mode up; "zoom" gives the one before it back once it is done.

        "mark" and "mask" belong to a view, which is shown then.
        """
        if mode_id == "mark":
            self._chosen.clear()
            self._paper.set_view("annotate")
        elif mode_id == "mask":
            self._chosen.clear()
            self._paper.set_view("reconstruct")
            self._answers.set_mask_mode(True)
        else:
            kept = self._chosen if mode_id == "zoom" else []
            self._chosen = [*(one for one in kept if one != mode_id), mode_id]
        self._tell()

    def leave(self, mode_id: str | None = None) -> bool:
        """Go back out of a mode, by default the one that is on; returns whether it had been chosen."""
        left = mode_id if mode_id is not None else (self._chosen[-1] if self._chosen else "")
        was_on = left in self._chosen
        self._chosen = [one for one in self._chosen if one != left]
        self._tell()
        return was_on

    def refresh(self) -> None:
        """Ask again which modes of other parts are offered, and leave one that is not any more."""
        offered = {mode.id for mode in self.added}
        self._chosen = [one for one in self._chosen if one not in self._modes or one in offered]
        self.modes_changed.emit()
        self._tell()

    def _follow_view(self, _view: str) -> None:
        self._chosen = [
            one for one in self._chosen if one == "caliper"
        ]  # the rest were begun in another view
        self.refresh()

    def _let_go(self, _record: object = None) -> None:
        self._chosen = [one for one in self._chosen if one == "caliper"]
        self.refresh()

    def _tell(self, _changed: object = None) -> None:
        if self.mode != self._told:
            self._told = self.mode
            self.changed.emit(self._told)

    # ---- the menu of the paper -----------------------------------------------------------------------

    def offer(self, provider: Provider) -> None:
        """Let a part of the window add rows to the menu of the paper, below those that are there."""
        self._providers.append(provider)

    def rows(self, spot: Spot | None) -> list[MenuRow]:
        """Return the rows that the other parts offer for a place."""
        found: list[MenuRow] = []
        for provider in self._providers:
            rows = list(provider(spot))
            if rows:
                found += [replace(rows[0], is_first=True), *rows[1:]]
        return found
