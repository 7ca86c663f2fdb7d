"""The Read menu: blindness, statements, first read, reveal, sign, amend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit

from ecgview.desktop.action import Action, with_session
from ecgview.desktop.dialogs import age_and_sex, ask, log, new_reader
from ecgview.labels import modifiers
from ecgview.review.history import Edit, SetCertainty, SetModifiers
from ecgview.review.read import Certainty, ReadState, ReadStatement

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.desktop.state.workspace import Workspace

MENU = "Read"
ORDER = 30
NORMAL = "NORM"  # of the PTB-XL statements
OPEN_THIS = (
    "The AI results of this ECG and its file name are shown at once. This read will not be blind for good: that "
    "cannot be taken back, and the read and its log say so.\n\n"
)
OPEN_NEXT = (
    "Every ECG that you open from now on is shown with its file name and its AI results, and is not read blind, "
    "until you switch blind reading on again."
)


def _editable(workspace: Workspace) -> bool:
    return workspace.reading.session is not None and workspace.reading.session.is_editable


def _before_first_read(workspace: Workspace) -> bool:
    return workspace.reading.session is not None and not workspace.reading.session.reads


def _closed(workspace: Workspace) -> bool:
    """Whether the first read is saved and AI still closed."""
    session = workspace.reading.session
    return session is not None and bool(session.reads) and not workspace.reading.may_show_ai()


def _signed(workspace: Workspace) -> bool:
    session = workspace.reading.session
    if session is None or session.is_amending:
        return False
    return session.state in (ReadState.CONFIRMED, ReadState.AMENDED)


def _lacks_subject(workspace: Workspace) -> bool:
    """Whether a reader may say age or sex of the open record, since its file does not."""
    record, session = workspace.ecg.record, workspace.reading.session
    if record is None or session is None or session.view_only:
        return False
    return record.patient.age_years is None or not record.patient.sex


def _is_normal(window: Frame) -> bool:
    session = window.workspace.reading.session
    return session is not None and session.draft.statement(NORMAL, session.label_set.id) is not None


def toggle_normal(window: Frame) -> None:
    """State "normal ECG", or take it back; a toast says which, and undoes it."""
    session = window.workspace.reading.session
    before = None if session is None else session.draft
    window.workspace.steps.toggle_statement(NORMAL)
    if session is not None and before is not None:
        window.toast.tell_change(session, before)


def _change_last(window: Frame, change: Callable[[ReadStatement], Edit]) -> None:
    """Change the statement made last; a toast says how, and undoes it."""
    session = window.workspace.reading.session
    if session is None or not session.draft.statements:
        window.workspace.telling.post("Make a statement first; this key says more of it.")
        return
    before = session.draft
    window.workspace.steps.apply(change(before.statements[-1]))
    window.toast.tell_change(session, before)


def next_certainty(item: ReadStatement) -> Edit:
    """Return the edit that takes the next of definite, probable, possible, cannot exclude."""
    order = tuple(Certainty)
    return SetCertainty(item.code, item.label_set, order[(order.index(item.certainty) + 1) % len(order)])


def next_modifier(item: ReadStatement, choices: tuple[str, ...]) -> Edit:
    """Return the edit that takes the next age, or the next site, of a statement."""
    return SetModifiers(item.code, item.label_set, modifiers.following(item.modifiers, choices))


def toggle_possible(item: ReadStatement) -> Edit:
    """Return the edit that makes a statement possible, or definite again."""
    is_possible = item.certainty is Certainty.POSSIBLE
    return SetCertainty(item.code, item.label_set, Certainty.DEFINITE if is_possible else Certainty.POSSIBLE)


def toggle_blind(window: Frame) -> None:
    """Read blind first, or ask once whether the AI is to be opened before the first read."""
    workspace = window.workspace
    if not workspace.reader.blind:
        workspace.steps.set_blind(True)
        return
    is_blind = _before_first_read(workspace) and not workspace.reading.may_show_ai()
    this = OPEN_THIS if is_blind else ""
    sheet = ask.ask_first(
        window,
        "Open the AI before the first read?",
        f"{this}{OPEN_NEXT}",
        "Open the AI",
        lambda: workspace.steps.set_blind(False),
    )
    sheet.of_record = bool(this)


def focus_statements(window: Frame) -> None:
    """Bring the cursor to where statements are entered."""
    section = window.section("statements")
    if section is None:
        return
    if window.workspace.paper.view not in section.panel.views:
        window.workspace.paper.set_view(section.panel.views[0])
    window.right.show()
    section.fold(False)
    field = section.content.findChild(QLineEdit)
    if field is not None:
        field.setFocus()
        field.selectAll()


def ask_amendment(window: Frame) -> None:
    """Ask why the signed read is changed, and open it."""
    question = "Why is the signed read changed? The reason and every earlier version are kept."
    sheet = ask.ask_text(
        window, "Amend the signed read", question, "Open for changes", window.workspace.steps.amend
    )
    sheet.of_record = True


def ask_reader(window: Frame) -> None:
    """Ask who reads from now on."""
    name = window.workspace.reader.name
    question = "Who reads from now on? The name is kept with every read."
    ask.ask_text(window, "Reader", question, "Go on", lambda said: new_reader.take(window, said), name)


ACTIONS = (
    Action(
        "read.blind",
        "Read blind first",
        toggle_blind,
        ("B",),
        checked_when=lambda w: w.workspace.reader.blind,
        hint="AI stays closed until the first read is saved",
        edits=True,
        follows=("blind",),
    ),
    Action(
        "read.normal",
        "Normal ECG",
        toggle_normal,
        ("N",),
        _editable,
        checked_when=_is_normal,
        separator_before=True,
        edits=True,
        follows=("read", "draft"),
    ),
    Action(
        "read.find_statement",
        "Add a statement",
        focus_statements,
        ("/",),
        _editable,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.possible",
        "Last statement: possible",
        lambda w: _change_last(w, toggle_possible),
        ("'",),
        _editable,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.certainty",
        "Last statement: next certainty",
        lambda w: _change_last(w, next_certainty),
        (";",),
        _editable,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.age",
        "Last statement: next age",
        lambda w: _change_last(w, lambda item: next_modifier(item, modifiers.AGES)),
        (".",),
        _editable,
        hint=", ".join(modifiers.AGES),
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.site",
        "Last statement: next site",
        lambda w: _change_last(w, lambda item: next_modifier(item, modifiers.SITES)),
        (",",),
        _editable,
        hint=", ".join(modifiers.SITES),
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.undo",
        "Undo",
        lambda w: w.workspace.steps.undo(),
        ("Ctrl+Z",),
        _editable,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.redo",
        "Redo",
        lambda w: w.workspace.steps.redo(),
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        _editable,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.save_first",
        "Lock first read",
        lambda w: w.workspace.steps.commit_first_read(),
        ("Ctrl+Return", "Ctrl+Enter"),
        _before_first_read,
        hint="Locks the first read; AI may be revealed from then on",
        separator_before=True,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.lock_and_next",
        "Lock and next",
        lambda w: w.workspace.walk.lock_and_next(),
        ("Ctrl+PgDown",),
        with_session,
        hint="Saves and locks the first read; once that is done, opens the next record",
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.reveal",
        "Reveal AI results",
        lambda w: w.workspace.steps.reveal(),
        ("R",),
        _closed,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.sign",
        "Sign the read",
        lambda w: w.workspace.steps.sign(),
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        _editable,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.sign_and_next",
        "Sign and next",
        lambda w: w.workspace.walk.sign_and_next(),
        ("Ctrl+Shift+PgDown",),
        with_session,
        hint="Signs the read; once that is done, opens the next record",
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.next_unread",
        "Next unread",
        lambda w: w.workspace.walk.next_unread(),
        ("U",),
        hint="The next record that you have not read, from the top again after the last",
    ),
    Action(
        "read.amend",
        "Amend the signed read …",
        ask_amendment,
        ("Ctrl+Shift+A",),
        _signed,
        edits=True,
        follows=("read",),
    ),
    Action(
        "read.subject",
        "Age and sex …",
        age_and_sex.show,
        ("Ctrl+Shift+P",),
        _lacks_subject,
        hint="Where the file does not say them",
        follows=("record", "read"),
    ),
    Action("read.reader", "Change the reader …", ask_reader, ("Ctrl+Shift+N",), separator_before=True),
    Action(
        "read.log",
        "Log of this record",
        lambda w: log.show(w, w.workspace),
        ("Ctrl+L",),
        with_session,
        follows=("read",),
    ),
)
