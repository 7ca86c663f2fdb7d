"""What ecgview is, what it is not for, and the facts of every installed model."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from ecgview.about import RESEARCH_USE_ONLY, VERSION
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.theme import set_role
from ecgview.errors import EcgviewError

LIMITS = (
    "ecgview shows digital ECGs on calibrated paper, asks research models about them, and keeps what a "
    "reader says. It is not a medical device and claims conformance to no standard of electrocardiographs.",
    "Display filters change the picture only, never the stored samples, a measurement or a model's input.",
    "Everything is computed on this computer. Nothing is sent anywhere.",
)


def show_about(parent: QWidget) -> Sheet:
    """Open the sheet about the program."""
    sheet = Sheet(parent, f"ecgview {VERSION}")
    sheet.add_text(RESEARCH_USE_ONLY, "banner")
    for text in LIMITS:
        sheet.add_text(text)
    sheet.body.addStretch(1)
    sheet.resize(520, 330)
    sheet.open()
    return sheet


def show_models(parent: QWidget) -> Sheet:
    """Open the facts of every installed model, as its card says them (A8)."""
    from ecgview.models import cards

    sheet = Sheet(parent, "Model facts", scrolls=True)
    sheet.add_text(RESEARCH_USE_ONLY, "banner")
    try:
        found = cards.available()
    except EcgviewError as error:
        sheet.add_text(str(error), "error")
        found = []
    for card in found:
        title = QLabel(f"{card.name} {card.version}")
        title.setTextFormat(Qt.TextFormat.PlainText)
        set_role(title, "heading")
        sheet.body.addWidget(title)
        sheet.add_text(
            "\n".join(
                f"{name}: {value}"
                for name, value in (
                    ("Origin", card.facts.origin),
                    ("Intended use", card.intended_use),
                    ("Not for", _text(card.out_of_scope)),
                    ("Trained on", card.training_data),
                    ("Calibration", card.calibrated),
                    ("Licence", card.licence),
                    ("Weights sha256", card.sha256),
                )
                if value
            ),
            "muted",
        )
    sheet.body.addStretch(1)
    sheet.resize(680, 620)
    sheet.open()
    return sheet


def _text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
