"""What is asked where a read cannot be saved as it stands: two windows on it, or a store that does not take it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtWidgets import QDialogButtonBox, QPushButton, QWidget

from ecgview.desktop.dialogs.ask import ask_text
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.state.workspace import Workspace
from ecgview.errors import EcgviewError
from ecgview.labels import label_set
from ecgview.review.history import ApplyAgain
from ecgview.review.merging import ConflictError, Side, SupersededError
from ecgview.review.read import Draft

Answer = Literal["retry", "discard", "stay"]


def ask_which(parent: QWidget, conflict: ConflictError, on_keep: Callable[[Side], object]) -> Sheet:
    """Show both versions of what two windows changed unlike; closed without a choice nothing is saved."""
    sheet = Sheet(parent, "Changed in two windows", scrolls=True)
    sheet.of_record = True
    sheet.add_text(
        f"Another window changed the same: {', '.join(conflict.items)}. Your edit is not saved. "
        "Everything else of both windows is kept either way."
    )
    for title, draft in (
        ("In this window", conflict.ours),
        ("Saved by the other window", conflict.theirs.content),
    ):
        sheet.add_text(title, "heading")
        sheet.add_text(in_words(draft))
    sheet.body.addStretch(1)
    _choice(sheet, "Keep mine", lambda: on_keep("ours"))
    _choice(sheet, "Keep the other", lambda: on_keep("theirs"))
    return _opened(sheet)


def offer_again(parent: QWidget, workspace: Workspace, error: SupersededError, offer: ApplyAgain) -> Sheet:
    """Say that an edit came after the commit of another window, and offer to make it on what stands now."""
    session = workspace.reading.session
    sheet = Sheet(parent, "Committed in another window", scrolls=True)
    sheet.of_record = True
    sheet.add_text(f"{error.message[:1].upper()}{error.message[1:]}. The read is shown as it is now.")
    sheet.add_text("Not saved", "heading")
    sheet.add_text(offer.words)
    sheet.body.addStretch(1)
    if session is not None and session.is_editable:
        _choice(sheet, "Make this edit again", lambda: workspace.steps.apply(offer))
    elif session is not None:

        def amend(reason: str) -> None:
            workspace.steps.amend(reason)
            workspace.steps.apply(offer)

        question = f"The read is signed. To be changed: {offer.words}. Why is it amended?"
        _choice(
            sheet, "Amend with this …", lambda: ask_text(parent, "Amend the read", question, "Amend", amend)
        )
    sheet.buttons.button(QDialogButtonBox.StandardButton.Close).setText("Let it go")
    return _opened(sheet)


def ask_leaving(parent: QWidget, error: Exception, on_answer: Callable[[Answer], object]) -> Sheet:
    """Ask what becomes of edits that cannot be saved and are to be left; Escape stays."""
    sheet = Sheet(parent, "Not saved")
    said = error.message if isinstance(error, EcgviewError) else str(error)
    sheet.add_text(f"What you wrote on this ECG could not be saved: {said}.")
    sheet.body.addStretch(1)
    answered: list[Answer] = []

    def answer(choice: Answer) -> None:
        if not answered:
            answered.append(choice)
            on_answer(choice)

    _choice(sheet, "Try again", lambda: answer("retry")).setDefault(True)
    _choice(sheet, "Discard the edits", lambda: answer("discard")).setAutoDefault(False)
    sheet.buttons.button(QDialogButtonBox.StandardButton.Close).setText("Stay here")
    sheet.rejected.connect(lambda: answer("stay"))
    return _opened(sheet)


def in_words(draft: Draft) -> str:
    """Return all that a draft says, a line for each kind."""
    lines = [
        f"{item.words(label_set.name_of(item.label_set, item.code))} ({item.certainty.words}) [{item.code}]"
        for item in draft.statements
    ]
    lines += [
        f"Mark {mark.title or 'without text'}, {' '.join(mark.leads) or 'all leads'}, "
        f"{mark.start_s:.2f} to {mark.end_s:.2f} s"
        for mark in draft.annotations
    ]
    lines += [f"Measured by hand: {edge.words}" for edge in draft.edges]
    lines += [one.words for one in draft.told]
    lines.append(f"Comment: {draft.comment}" if draft.comment.strip() else "")
    return "\n".join(filter(None, lines)) or "Nothing"


def _choice(sheet: Sheet, text: str, run: Callable[[], object]) -> QPushButton:
    button = sheet.buttons.addButton(text, QDialogButtonBox.ButtonRole.ActionRole)

    def chosen() -> None:
        run()
        sheet.accept()

    button.clicked.connect(chosen)
    return button


def _opened(sheet: Sheet) -> Sheet:
    sheet.resize(560, 420 if sheet.of_record else 240)
    sheet.open()
    return sheet
