"""The Read menu: blindness, statements, first read, reveal, sign, amend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit

from ecgview.desktop.action import Action, with_session
from ecgview.desktop.dialogs import ask, log
from ecgview.review.read import ReadState

if TYPE_CHECKING:
    from ecgview.desktop.window import MainWindow
    from ecgview.desktop.workspace import Workspace

MENU = "Read"
ORDER = 30
NORMAL = "NORM"  # of the PTB-XL statements


def _editable(workspace: Workspace) -> bool:
    return workspace.session is not None and workspace.session.is_editable


def _before_first_read(workspace: Workspace) -> bool:
    return workspace.session is not None and not workspace.session.reads


def _closed(workspace: Workspace) -> bool:
    """Whether the first read is saved and AI still closed."""
    session = workspace.session
    return session is not None and bool(session.reads) and not session.may_show_ai


def _signed(workspace: Workspace) -> bool:
    session = workspace.session
    if session is None or session.is_amending:
        return False
    return session.state in (ReadState.CONFIRMED, ReadState.AMENDED)


def _is_normal(window: MainWindow) -> bool:
    session = window.workspace.session
    return session is not None and session.draft.statement(NORMAL, session.label_set.id) is not None


def toggle_normal(window: MainWindow) -> None:
    """State "normal ECG", or take it back."""
    window.workspace.toggle_statement(NORMAL)


def focus_statements(window: MainWindow) -> None:
    """Bring the cursor to where statements are entered."""
    section = window.section("statements")
    if section is None:
        return
    if window.workspace.view not in section.panel.views:
        window.workspace.set_view(section.panel.views[0])
    window.right.show()
    field = section.content.findChild(QLineEdit)
    if field is not None:
        field.setFocus()
        field.selectAll()


def ask_amendment(window: MainWindow) -> None:
    """Ask why the signed read is changed, and open it."""
    question = "Why is the signed read changed? The reason and every earlier version are kept."
    ask.ask_text(window, "Amend the signed read", question, "Open for changes", window.workspace.amend)


def ask_reader(window: MainWindow) -> None:
    """Ask who reads from now on."""
    name = window.workspace.reader_name
    question = "Who reads from now on? The name is kept with every read."
    ask.ask_text(window, "Reader", question, "Go on", window.workspace.set_reader_name, name)


ACTIONS = (
    Action(
        "read.blind",
        "Read blind first",
        lambda w: w.workspace.set_blind(not w.workspace.blind),
        ("B",),
        checked_when=lambda w: w.workspace.blind,
        hint="AI stays closed until the first read is saved",
    ),
    Action(
        "read.normal",
        "Normal ECG",
        toggle_normal,
        ("N",),
        _editable,
        checked_when=_is_normal,
        separator_before=True,
    ),
    Action("read.find_statement", "Add a statement", focus_statements, ("/",), _editable),
    Action("read.undo", "Undo", lambda w: w.workspace.undo(), ("Ctrl+Z",), _editable),
    Action("read.redo", "Redo", lambda w: w.workspace.redo(), ("Ctrl+Shift+Z", "Ctrl+Y"), _editable),
    Action(
        "read.save_first",
        "Save first read",
        lambda w: w.workspace.commit_first_read(),
        ("Ctrl+Return", "Ctrl+Enter"),
        _before_first_read,
        hint="Locks the first read; AI may be revealed from then on",
        separator_before=True,
    ),
    Action("read.reveal", "Reveal AI results", lambda w: w.workspace.reveal(), ("R",), _closed),
    Action(
        "read.sign",
        "Sign the read",
        lambda w: w.workspace.sign(),
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        _editable,
    ),
    Action("read.amend", "Amend the signed read …", ask_amendment, ("Ctrl+Shift+A",), _signed),
    Action("read.reader", "Change the reader …", ask_reader, ("Ctrl+Shift+N",), separator_before=True),
    Action(
        "read.log",
        "Log of this record",
        lambda w: log.show(w, w.workspace),
        ("Ctrl+L",),
        with_session,
    ),
)
