"""What the items on the paper ask of the canvas that they lie on."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGraphicsItem

from ecgview.paper.page import Page
from ecgview.record import EcgRecord


class Surface(Protocol):
    """A page of a record in a scene, in millimetres of paper."""

    @property
    def page(self) -> Page | None:
        """The page that is shown."""

    @property
    def record(self) -> EcgRecord | None:
        """The record whose page it is."""

    @property
    def drawn(self) -> EcgRecord | None:
        """What the page is drawn from: that record, or its median beat as a record of its own."""

    @property
    def px_per_mm(self) -> float:
        """The scale, logical px."""

    @property
    def seen_mm(self) -> QRectF:
        """The part of the page that is on the screen, mm."""

    def put(self, item: QGraphicsItem) -> None:
        """Lay an item on the page; its coordinates are millimetres from the page's corner."""

    def take_off(self, item: QGraphicsItem) -> None:
        """Take an item off the page."""
