"""The real window: keys, blindness, messages, and what it leaves behind."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import model_words
import numpy as np
import pytest
from PySide6.QtCore import QAbstractItemModel, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from ecgview import RESEARCH_USE_ONLY
from ecgview.desktop import app
from ecgview.desktop.chrome import menus
from ecgview.desktop.chrome.side_panels import Section
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import shortcuts, unexpected_error
from ecgview.desktop.settings import Settings
from ecgview.desktop.state import inference
from ecgview.desktop.work import warm_up
from ecgview.record import EcgRecord
from ecgview.review.history import SetComment
from ecgview.review.read import ReadState

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the models answer in known words; returns what was asked of them."""
    asked: list[str] = []

    def answer(kind: str, result: Callable[[str], object]) -> Callable[[EcgRecord], Any]:
        def run(record: EcgRecord) -> Any:
            asked.append(kind)
            return result(record.source.sha256)

        return run

    both = answer("predict", model_words.prediction), answer("lef", model_words.lef)
    monkeypatch.setattr(inference, "ask", model_words.answering(*both))
    return asked


def _texts(root: QWidget) -> Iterator[str]:
    """Yield every text a window holds, shown or not: labels, tooltips, rows, names, actions."""
    for widget in [root, *root.findChildren(QWidget)]:
        yield from (widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.accessibleName())
        yield from (widget.accessibleDescription(), widget.windowTitle(), widget.objectName())
        for name in ("text", "title", "placeholderText", "toPlainText"):
            if callable(getter := getattr(widget, name, None)):
                yield str(getter())
        if isinstance(widget, QComboBox):
            yield from (widget.itemText(index) for index in range(widget.count()))
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from _rows(widget.model())
    for action in root.findChildren(QAction):
        yield from (action.text(), action.toolTip(), action.iconText(), action.statusTip())


def _rows(model: QAbstractItemModel) -> Iterator[str]:
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        yield from (str(model.data(index, role)) for role in range(16))
        yield str(model.data(index, Qt.ItemDataRole.UserRole))


def _leaks(root: QWidget) -> list[str]:
    return [text for text in _texts(root) if any(word in text.lower() for word in model_words.WORDS)]


def test_w2_before_the_reveal_no_text_of_the_window_holds_a_word_of_a_model(
    opened: MainWindow, asked: list[str], rest: Callable[[], None]
) -> None:
    """Even while answers of another reader's sitting lie in the store and in memory."""
    workspace = opened.workspace
    assert workspace.ecg.record is not None
    sha256 = workspace.ecg.record.source.sha256
    for result in (model_words.prediction(sha256), model_words.lef(sha256)):
        workspace.reading.keep("f" * 64, result)
    workspace.answers._found.prediction = model_words.prediction(sha256)
    workspace.answers._found.lef = model_words.lef(sha256)
    for view in ("explain", "reconstruct", "annotate", "read"):
        workspace.paper.set_view(view)
        workspace.steps.apply(SetComment(f"blind in {view}"))
        for action in opened.menus.actions.values():
            if action.objectName().startswith("models."):
                assert action.objectName() == "models.facts" or not action.isEnabled()
        assert _leaks(opened) == []
    opened.menus["file.next"].trigger()
    rest()
    opened.menus["file.previous"].trigger()
    rest()
    workspace.steps.commit_first_read()
    rest()
    assert _leaks(opened) == []
    assert asked == []
    workspace.steps.reveal()
    rest()
    assert {"Okapi warning.", "zebra caveat"} < set(_leaks(opened))
    assert any(text.startswith("Quagga rhythm (QUAGGA): 0.914") for text in _leaks(opened))


def test_w2_a_diagnosis_in_the_file_is_not_shown_before_the_first_read(
    window: MainWindow, record_files: list[Path], rest: Callable[[], None], qtbot: QtBot
) -> None:
    with record_files[0].open("a", encoding="utf-8") as header:
        header.write("#Dx: quagga\n#okapi rhythm, automatic report\n")
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open_paths([record_files[0].parent])
    rest()
    for view in ("explain", "reconstruct", "annotate", "read"):
        window.workspace.paper.set_view(view)
        assert _leaks(window) == []


def test_w2_what_was_revealed_is_gone_from_the_next_blind_record(
    opened: MainWindow, asked: list[str], rest: Callable[[], None]
) -> None:
    opened.workspace.steps.apply(SetComment("first"))
    opened.workspace.steps.commit_first_read()
    opened.workspace.steps.reveal()
    rest()
    assert _leaks(opened)
    opened.menus["file.next"].trigger()
    rest()
    assert _leaks(opened) == []


def test_w7_a_normal_ecg_is_read_in_five_keys(
    opened: MainWindow, asked: list[str], rest: Callable[[], None], qtbot: QtBot, record_files: list[Path]
) -> None:
    """Normal, save, reveal, sign, next."""
    session, canvas = opened.workspace.reading.session, opened.canvas
    canvas.setFocus()
    keys = [
        (Qt.Key.Key_N, NO_KEY),
        (Qt.Key.Key_Return, CONTROL),
        (Qt.Key.Key_R, NO_KEY),
        (Qt.Key.Key_Return, CONTROL | SHIFT),
        (Qt.Key.Key_PageDown, NO_KEY),
    ]
    for key, modifier in keys:
        qtbot.keyClick(canvas, key, modifier)
        rest()
    assert session is not None
    assert session.state is ReadState.CONFIRMED
    assert [item.code for item in session.reads[-1].statements] == ["NORM"]
    assert session.revealed_at is not None
    assert opened.workspace.ecg.path == record_files[1]


def test_the_worklist_is_searched_without_the_mouse(opened: MainWindow, qtbot: QtBot) -> None:
    opened.left.hide()
    opened.menus["view.find_record"].trigger()
    box = opened.left.findChild(QLineEdit)
    assert box is not None
    qtbot.waitUntil(box.hasFocus)
    qtbot.keyClicks(box, "record:2")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened.workspace.ecg.path is not None and opened.workspace.ecg.path.stem == "b")


def test_every_shortcut_is_used_once_and_stands_on_the_sheet(opened: MainWindow) -> None:
    rows = [row for entries in menus.rows().values() for row in entries]
    used = Counter(QKeySequence(text).toString() for row in rows for text in row.shortcuts)
    assert [key for key, times in used.items() if times > 1] == []
    without = [row.id for row in rows if not row.shortcuts and not row.submenu]
    assert without == []
    sheet = shortcuts.show(opened)
    shown = {label.text() for label in sheet.findChildren(QLabel)}
    assert {row.text.removesuffix(" …") for row in rows if row.shortcuts} <= shown
    sheet.close()


def test_every_action_can_be_run_without_a_record(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing breaks in an empty window; what needs a record is disabled."""
    for action_id, action in window.menus.actions.items():
        if action.isEnabled() and not action_id.startswith(("file.", "view.full_screen")):
            action.trigger()
    for dialog in window.findChildren(QDialog):
        dialog.close()
    assert not window.menus["view.caliper"].isEnabled()
    assert not window.menus["read.save_first"].isEnabled()


def test_p4_the_banner_is_on_the_window(window: MainWindow) -> None:
    assert window.header.banner.isVisible()
    assert window.header.banner.text() == RESEARCH_USE_ONLY


def test_each_view_shows_its_panels(opened: MainWindow) -> None:
    seen: dict[str, set[str]] = {}
    tabs = opened.side.findChild(QTabBar)
    assert tabs is not None
    for index, view in enumerate(("read", "explain", "reconstruct", "annotate")):
        tabs.setCurrentIndex(index)
        assert opened.workspace.paper.view == view
        seen[view] = {section.panel.id for section in opened.findChildren(Section) if section.isVisible()}
    assert {"worklist", "statements", "measurements"} <= seen["read"]
    assert {"worklist", "diagnosis", "lef", "contributions"} <= seen["explain"]
    assert "reconstruction" in seen["reconstruct"]
    assert "reconstruction" not in seen["annotate"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_theme_reaches_every_part(opened: MainWindow, theme: str) -> None:
    opened.workspace.paper.set_theme("light" if theme == "dark" else "dark")
    opened.workspace.paper.set_theme(theme)
    opened.canvas.settle()
    picture = opened.grab().toImage().scaled(40, 25)
    dark = sum(picture.pixelColor(x, y).lightness() < 128 for x in range(40) for y in range(25))
    assert (dark > 900) if theme == "dark" else (dark < 100)


# ---- bad input -----------------------------------------------------------------------------------------


def _bad_files(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    files = {
        name: folder / name for name in ("empty.csv", "pickle.npy", "text.hea", "zero.npy", "picture.png")
    }
    files["empty.csv"].write_bytes(b"")
    files["pickle.npy"].write_bytes(b"\x80\x04cposix\nsystem\n(S'touch owned'\ntR.")
    files["text.hea"].write_text("this is no header\n")
    np.save(files["zero.npy"], np.zeros((12, 0), np.float32))
    files["picture.png"].write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    return files


def test_bad_files_are_told_in_one_line_and_nothing_breaks(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    for name, path in _bad_files(tmp_path / "bad").items():
        with qtbot.waitSignal(opened.workspace.ecg.failed):
            opened.workspace.ecg.open(path)
        said = opened.messages
        assert said.isVisible(), name
        assert "\n" not in said.text.text()
        assert "Traceback" not in said.text.text() + said.details.text()
        assert said.text.text().startswith("Record: ")  # read blind, and in no list
        assert str(path) not in said.details.text()
        said.more.click()
        assert said.details.isVisible()
        assert opened.workspace.ecg.record is None
        assert opened.canvas.page is None
        assert opened.header.name.text() == "Record"
    assert not (Path.cwd() / "owned").exists()
    assert opened.findChildren(QDialog) == []


def test_a_path_that_is_not_there_is_told(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.workspace.telling.posted):
        window.workspace.ecg.open_paths([tmp_path / "nowhere"])
    assert window.messages.isVisible()


def test_dropped_files_are_opened(window: MainWindow, record_files: list[Path], qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(record_files[2]))])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(window.workspace.ecg.opened):
        window.dropEvent(event)
    assert window.workspace.ecg.path == record_files[2]


def test_a_bug_is_told_without_names_or_paths(window: MainWindow, qtbot: QtBot) -> None:
    """A traceback never reaches the user; the report names nobody."""
    hooks = app.Hooks(window)
    try:
        raise KeyError("/home/planted/Zhang_San.hea of patient 'Zhang San'")
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    qtbot.waitUntil(lambda: bool(window.findChildren(QDialog)))
    hooks.remove()
    dialog = window.findChildren(QDialog)[0]
    shown = " ".join(_texts(dialog))
    assert "KeyError" in shown
    assert "Traceback" not in shown
    for planted in ("Zhang", "planted", ".hea"):
        assert planted not in shown
    dialog.close()


def test_a_report_is_scrubbed_of_every_path() -> None:
    text = unexpected_error.scrub(r"C:\Users\Li Si\ecg.dat and /data/x/y.hea and 'name' stay away")
    assert "Users" not in text
    assert "y.hea" not in text
    assert "name" not in text
    assert text.endswith("stay away")


# ---- who reads -----------------------------------------------------------------------------------------


def test_the_name_of_the_reader_is_asked_in_place_once(
    qtbot: QtBot, tmp_path: Path, record_files: list[Path]
) -> None:
    window = app.open_window(settings=Settings(None), store_path=tmp_path / "new.db")
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open(record_files[0])
    assert window.workspace.reading.session is None
    assert window.reader.isVisible()
    field = window.reader.findChild(QLineEdit)
    assert field is not None
    field.setText("Reader Nine")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.workspace.reading.session is not None)
    assert not window.reader.isVisible()
    window.close()


def test_the_blind_switch_shows_its_state(opened: MainWindow, asked: list[str]) -> None:
    assert opened.tools.blind.text() == "Blind reading: on"
    opened.menus["read.blind"].trigger()
    assert opened.tools.blind.text() == "Blind reading: on"  # asked first
    (question,) = opened.findChildren(QDialog)
    question.accept()
    assert opened.tools.blind.text() == "Blind reading: off"
    assert not opened.workspace.reader.blind


def test_typing_a_comment_triggers_no_shortcut(opened: MainWindow, qtbot: QtBot) -> None:
    section = opened.section("statements")
    assert section is not None
    box = section.findChild(QPlainTextEdit)
    assert box is not None
    box.setFocus()
    qtbot.keyClicks(box, "normal? 1 2 svt")
    assert box.toPlainText() == "normal? 1 2 svt"
    assert opened.workspace.paper.view == "read"
    assert opened.workspace.reading.session is not None
    assert opened.workspace.reading.session.draft.statements == ()


# ---- start and end -------------------------------------------------------------------------------------

START = """
import sys
from pathlib import Path
from typing import Any
from ecgview.desktop.app import application, open_window
from ecgview.desktop.settings import Settings
qt = application()
window = open_window(settings=Settings(None), store_path=Path(sys.argv[1]) / "s.db")
window.show()
qt.processEvents()
heavy = {"torch", "shap", "sklearn", "scipy.signal", "pandas", "wfdb"} & set(sys.modules)
print("HEAVY", sorted(heavy))
window.close()
"""


def test_the_first_window_waits_for_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    assert "HEAVY []" in done.stdout, done.stderr[-2000:]


def test_the_models_warm_up_only_after_the_first_trace(
    window: MainWindow,
    record_files: list[Path],
    rest: Callable[[], None],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    monkeypatch.setattr(warm_up, "start", lambda workspace: order.append("warm up"))
    window.canvas.first_painted.connect(lambda: order.insert(0, "painted"))
    rest()  # nothing is left to be done, and the loop has turned
    assert order == []
    window.workspace.ecg.open(record_files[0])
    qtbot.waitUntil(lambda: order == ["painted", "warm up"])


def test_a_settings_file_that_cannot_be_read_is_told_when_the_window_opens(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecgview.plugins.faults", tuple)  # none of files that other tests left out
    path = tmp_path / "settings.toml"
    path.write_text("not = [toml", encoding="utf-8")
    opened = app.open_window(settings=Settings(path), store_path=tmp_path / "reads.db")
    qtbot.addWidget(opened)
    assert "settings cannot be read" in opened.messages.text.text()
    assert opened.workspace.close()
