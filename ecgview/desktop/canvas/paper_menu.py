"""The menu of the paper: what is done with the thing under the mouse, with the place, and what others offer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Protocol

from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from ecgview.desktop.canvas.caliper import Caliper, nearest_sample, samples_of
from ecgview.desktop.canvas.caliper_item import CaliperItem
from ecgview.desktop.canvas.edge_item import EdgeItem
from ecgview.desktop.canvas.mark_item import MarkItem
from ecgview.desktop.canvas.paper_items import HandItem, PaperItems
from ecgview.desktop.canvas.surface import Surface
from ecgview.desktop.state.mouse import MenuRow, Spot
from ecgview.desktop.state.workspace import Workspace
from ecgview.labels import label_set as label_sets
from ecgview.review.annotation import Annotation

HERE_MS = 200.0  # a caliper or a mark put down by the menu: one large box at 25 mm/s


class Canvas(Surface, Protocol):
    """What the rows ask of the canvas."""

    @property
    def items_on_paper(self) -> PaperItems:
        """What lies on the paper."""

    @property
    def workspace(self) -> Workspace:
        """What the window knows."""

    @property
    def may_edit(self) -> bool:
        """Whether the read takes edits."""

    @property
    def is_zoomed_to_lead(self) -> bool:
        """Whether one lead fills the view."""

    def fit_width(self) -> None:
        """Use the full width."""

    def toggle_lead(self, spot: Spot, at: QPointF | None = None) -> None:
        """Let one lead fill the view, or go back."""

    def zoom_to_item(self, item: MarkItem) -> None:
        """Let a mark fill the view."""


def build(rows: Iterable[MenuRow], parent: QWidget) -> QMenu:
    """Return a menu of these rows."""
    menu = QMenu(parent)
    _fill(menu, rows)
    return menu


def _fill(menu: QMenu, rows: Iterable[MenuRow]) -> None:
    for row in rows:
        if row.is_first and not menu.isEmpty():
            menu.addSeparator()
        if row.rows:
            part = menu.addMenu(row.text)
            part.setEnabled(row.enabled)
            _fill(part, row.rows)
            continue
        entry = menu.addAction(row.text)
        entry.setEnabled(row.enabled and row.run is not None)
        if row.checked is not None:
            entry.setCheckable(True)
            entry.setChecked(row.checked)
        if row.run is not None:
            entry.triggered.connect(lambda _checked=False, run=row.run: run())


def rows(canvas: Canvas, item: HandItem | None, spot: Spot | None) -> list[MenuRow]:
    """Return all rows: of the item, of the place, of the other parts of the window."""
    found: list[MenuRow] = []
    if isinstance(item, CaliperItem):
        found += _of_caliper(canvas, item)
    elif isinstance(item, MarkItem):
        found += _of_mark(canvas, item, spot)
    elif isinstance(item, EdgeItem):
        found += _of_edge(canvas, item)
    elif item is not None:
        masks = canvas.items_on_paper.masks
        found += [
            MenuRow("Show again", partial(canvas.items_on_paper.remove, item)),
            MenuRow("Show all again", masks.clear, enabled=len(masks.items) > 1),
        ]
    place = _of_place(canvas, spot)
    if found and place:
        place[0] = replace(place[0], is_first=True)
    return [*found, *place, *canvas.workspace.mouse.rows(spot)]


def _of_caliper(canvas: Canvas, item: CaliperItem) -> list[MenuRow]:
    items, record = canvas.items_on_paper, canvas.drawn
    if record is None:
        return []
    caliper = item.caliper
    start_s, end_s = sorted(caliper.seconds(record))
    may_mark = canvas.may_edit and end_s > start_s and record is canvas.record
    return [
        MenuRow(caliper.text(record)),
        MenuRow("Copy the reading", partial(_copy, f"{caliper.lead}  {caliper.text(record)}")),
        MenuRow(
            "Mark what it spans",
            partial(canvas.workspace.steps.add_annotation, (caliper.lead,), start_s, end_s),
            enabled=may_mark,
        ),
        MenuRow("Remove this caliper", partial(items.remove, item)),
        MenuRow("Remove all calipers", items.calipers.clear, enabled=len(items.calipers.items) > 1),
    ]


def _of_edge(canvas: Canvas, item: EdgeItem) -> list[MenuRow]:
    measuring, line = canvas.workspace.measuring, item.line
    measured, wave = measuring.measured, line.edge.partition(" ")[0]
    may = canvas.may_edit and not measuring.is_fixed
    is_edited = measured is not None and any(
        (one.edge, one.beat) == (line.edge, line.beat) for one in measured.edits
    )
    return [
        MenuRow(item.name),
        MenuRow(
            "Back to where it was computed",
            partial(measuring.restore, line.edge, line.beat),
            enabled=may and is_edited,
        ),
        MenuRow(
            f"There is no {wave} wave here",
            partial(measuring.take_away, line.edge, line.beat),
            enabled=may and wave != "QRS",
        ),
    ]


def _of_mark(canvas: Canvas, item: MarkItem, spot: Spot | None) -> list[MenuRow]:
    items, mark, may = canvas.items_on_paper, item.mark, canvas.may_edit
    session = canvas.workspace.reading.session
    statements = session.draft.statements if session is not None else ()

    def become(**changes: object) -> partial[None]:
        return partial(items.change, mark, replace(mark, **changes))  # type: ignore[arg-type]

    codes = [MenuRow("no code", become(code="", label_set="", version=""), checked=not mark.code)]
    codes += [
        MenuRow(
            label_sets.name_of(one.label_set, one.code),
            become(code=one.code, label_set=one.label_set, version=one.version),
            checked=(one.code, one.label_set) == (mark.code, mark.label_set),
        )
        for one in statements
    ]
    lead = spot.lead if spot is not None else (mark.leads[0] if mark.leads else "")
    leads = [MenuRow("All leads", become(leads=()), checked=not mark.leads)]
    if lead:
        leads.insert(0, MenuRow(f"Only {lead}", become(leads=(lead,)), checked=mark.leads == (lead,)))
        if mark.leads and lead not in mark.leads:
            leads.insert(1, MenuRow(f"{lead}, too", become(leads=(*mark.leads, lead))))
    return [
        MenuRow(item.name.partition(";")[0]),
        MenuRow("Statement", rows=tuple(codes), enabled=may),
        MenuRow("Leads", rows=tuple(leads), enabled=may),
        MenuRow("Zoom to this mark", partial(canvas.zoom_to_item, item)),
        MenuRow("Delete this mark", partial(items.remove, item), enabled=may),
    ]


def _of_place(canvas: Canvas, spot: Spot | None) -> list[MenuRow]:
    whole = MenuRow("Full width", canvas.fit_width)
    record = canvas.drawn
    if spot is None or record is None:
        return [whole] if record is not None else []
    start_s, end_s = _here(canvas, spot)
    zoom = "Back from this lead" if canvas.is_zoomed_to_lead else f"Zoom to {spot.lead}"
    reading = f"{spot.lead}  {spot.seconds:.3f} s  {round(spot.millivolts, 2) + 0.0:+.2f} mV"
    mark = Annotation((spot.lead,), start_s, end_s)
    return [
        MenuRow(zoom, partial(canvas.toggle_lead, spot)),
        whole,
        MenuRow("Caliper here", partial(_put_caliper, canvas, spot)),
        MenuRow(
            "Mark here",
            partial(_put_mark, canvas, mark),
            enabled=canvas.may_edit and record is canvas.record,
        ),
        MenuRow(f"Copy {reading}", partial(_copy, reading)),
    ]


def _here(canvas: Canvas, spot: Spot) -> tuple[float, float]:
    """Return a stretch from the place on, as far as its row shows the record."""
    record, page = canvas.drawn, canvas.page
    assert record is not None
    rows_here = [
        row
        for row in (page.traces if page is not None else ())
        if row.lead == spot.lead and row.start_s <= spot.seconds <= row.end_s
    ]
    rate, length = record.sampling_rate_hz, samples_of(record, HERE_MS)
    first = nearest_sample(record, spot.seconds)
    last = nearest_sample(record, max((row.end_s for row in rows_here), default=record.seconds))
    end = min(first + length, last)
    return max(0, end - length) / rate, end / rate


def _put_caliper(canvas: Canvas, spot: Spot) -> None:
    record, items = canvas.drawn, canvas.items_on_paper
    if record is not None:
        start_s, end_s = _here(canvas, spot)
        before = items.calipers.values
        made = items.calipers.add(Caliper.at(record, spot.lead, start_s).moved_to(record, end_s))
        items.calipers.note(before)
        items.give_focus(made)


def _put_mark(canvas: Canvas, mark: Annotation) -> None:
    items = canvas.items_on_paper
    canvas.workspace.steps.add_annotation(mark.leads, mark.start_s, mark.end_s)
    items.show_marks()
    last = items.marks.items[-1:]
    items.give_focus(last[0] if last else None)


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
