"""Which classifier, LEF model and autoencoder answer, among those that are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtWidgets import QComboBox, QLabel

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.theme import set_role

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.models.cards import ModelCard


def show(window: Frame) -> Sheet:
    """Open the sheet; the choice holds until the window is closed."""
    sheet = Sheet(window, "Choose models")
    sheet.add_text(RESEARCH_USE_ONLY, "banner")
    inference = window.workspace.answers
    classifier = _box(sheet, "classifier", "Diagnoses", inference.model_id)
    lef = _box(sheet, "lef", "Low ejection fraction", inference.lef_id)
    autoencoder = _box(sheet, "autoencoder", "Reconstruction", inference.autoencoder_id)
    sheet.body.addStretch(1)

    def choose() -> None:
        inference.choose(classifier.currentData(), lef.currentData(), autoencoder.currentData())
        sheet.accept()

    sheet.add_primary("Use these").clicked.connect(choose)
    sheet.resize(560, 540)
    sheet.open()
    return sheet


def _box(
    sheet: Sheet, kind: Literal["classifier", "lef", "autoencoder"], title: str, chosen: str | None
) -> QComboBox:
    from ecgview.models import cards

    heading = QLabel(title)
    set_role(heading, "heading")
    sheet.body.addWidget(heading)
    box = QComboBox()
    box.setObjectName(kind)
    here = [card for card in cards.available(kind) if card.is_here and _can_answer(card)]
    for card in here:
        box.addItem(f"{card.name} {card.version} ({card.id}){_origin(card)}", card.id)
    facts = sheet.add_text("", "muted")
    wanted = chosen or cards.default(kind).id
    box.currentIndexChanged.connect(lambda index: facts.setText(_facts(here[index])))
    sheet.body.insertWidget(sheet.body.count() - 1, box)
    box.setCurrentIndex(max(0, box.findData(wanted)))
    facts.setText(_facts(here[box.currentIndex()]) if here else "None is here.")
    return box


def _can_answer(card: ModelCard) -> bool:
    """Return whether a model could be asked at all: an autoencoder's card must cut its input into segments."""
    from ecgview.errors import ModelError
    from ecgview.models import segments

    if card.kind != "autoencoder":
        return True
    try:
        segments.of(card)
    except ModelError:
        return False
    return True


def _origin(card: ModelCard) -> str:
    return f", {card.facts.origin}" if card.facts.origin else ""


def _facts(card: ModelCard) -> str:
    return f"Training data: {card.training_data}. {card.calibrated[:1].upper()}{card.calibrated[1:]}."
