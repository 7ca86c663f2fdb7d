"""What the tests of panels share: the facts of a model, every word of a widget, the way to an open panel."""

from PySide6.QtCore import QAbstractItemModel, QObject, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from ecgview.desktop.state.workspace import Workspace
from ecgview.results import ModelFacts
from ecgview.review.history import SetComment

MODEL = ModelFacts("m", "Testnet", "1.2.3", "abcdef0123456789", "a hundred ECGs", "not calibrated")
TEXTS = (
    "text",
    "toolTip",
    "statusTip",
    "whatsThis",
    "accessibleName",
    "accessibleDescription",
    "placeholderText",
    "windowTitle",
    "toPlainText",
    "currentText",
    "objectName",
)


def words_of(widget: QWidget) -> str:
    """Return every text that a widget or anything in it holds: labels, tooltips, models, descriptions."""
    found: list[str] = []
    for thing in (widget, *widget.findChildren(QObject)):
        for name in TEXTS:
            if callable(read := getattr(thing, name, None)):
                found.append(str(read()))
        if isinstance(thing, QAbstractItemModel):
            for row in range(thing.rowCount()):
                for role in (
                    Qt.ItemDataRole.DisplayRole,
                    Qt.ItemDataRole.ToolTipRole,
                    Qt.ItemDataRole.UserRole,
                ):
                    found.append(str(thing.index(row, 0).data(role)))
    return "\n".join(found)


def kept(qtbot: QtBot, workspace: Workspace) -> None:
    """Wait until everything that was done to the read is on the disk."""
    keeping = workspace.reading.keeping
    qtbot.waitUntil(lambda: keeping.is_kept and keeping.is_idle)


def reveal(workspace: Workspace, qtbot: QtBot) -> None:
    """Make a read, lock it, and open the AI results."""
    workspace.steps.apply(SetComment("seen"))
    workspace.steps.commit_first_read()
    kept(qtbot, workspace)
    with qtbot.waitSignals([workspace.answers.prediction_ready, workspace.answers.lef_ready]):
        workspace.steps.reveal()
