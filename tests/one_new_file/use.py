"""What the command line and the window make of what was added; printed as JSON. Arguments: a folder to write to."""

import contextlib
import io
import json
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ecgview import cli, resources

PATIENCE_S = 120  # the end of a wait in vain


def said(*words: object) -> str:
    """Return what a command prints; it must end well."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as errors:
        code = cli.main([str(word) for word in words])
    if code:
        raise SystemExit(f"{words}: {errors.getvalue()}")
    return out.getvalue()


def judged(mine: Path, *words: str) -> dict[str, Any]:
    found = json.loads(said("measure", mine, "--json", *words))
    return next(row for row in found["criteria"] if row["code"] == "MINE")


def on_the_command_line(folder: Path) -> dict[str, Any]:
    demo, mine = resources.path("demo", "normal.hea"), folder / "ecg.mine"
    said("convert", demo, mine)
    for name in ("ecg.line", "ecg.pdf"):
        said("report", mine, "--layout", "Limb first", "--no-ai", "-o", folder / name)
    return {
        "info": json.loads(said("info", mine, "--json"))["format"],
        "formats": [row for row in json.loads(said("formats", "--json")) if row["format"] == "Mine"],
        "line": (folder / "ecg.line").read_text(encoding="utf-8"),
        "pdf": (folder / "ecg.pdf").read_bytes()[:4].decode(),
        "explanations": said("explain"),
        "explanation": json.loads(said("explain", mine, "--with", "mine", "--json")),
        "criterion": [judged(mine), judged(mine, "--criteria-choice", "MINE=20")],
        "criteria": said("criteria"),
        "labels": json.loads(said("labels", "mine", "--json")),
    }


def in_the_window(folder: Path) -> dict[str, Any]:
    from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton

    from ecgview import formats
    from ecgview.desktop.actions.file import file_kinds
    from ecgview.desktop.app import application, open_window
    from ecgview.desktop.chrome.window import MainWindow
    from ecgview.desktop.settings import Settings
    from ecgview.review.history import SetComment

    def until(done: Any) -> None:
        end = time.monotonic() + PATIENCE_S
        while not done():
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain: {done.__code__.co_names}")
            qt.processEvents()
            time.sleep(0.01)

    def box(name: str, within: Any) -> list[str]:
        found = within.findChild(QComboBox, name)
        return [found.itemText(index) for index in range(found.count())]

    qt = application()
    settings = Settings()
    settings.set("reader.name", "One")
    window: MainWindow = open_window(settings=settings, store_path=folder / "reads.db")
    window.resize(1280, 800)
    window.show()
    workspace = window.workspace
    workspace.ecg.open(folder / "ecg.mine")
    until(lambda: workspace.ecg.record is not None and workspace.jobs.n_alive == 0)
    window.menus["view.layout.Limb first"].trigger()
    until(lambda: workspace.jobs.n_alive == 0)
    window.canvas.settle()
    bar = window.tools
    found: dict[str, Any] = {
        "format": workspace.ecg.record.source.format,
        "kinds": file_kinds(formats.extensions()),
        "panel": window.findChild(QLabel, "counted").text(),
        "layouts": [bar.layout_box.itemText(i) for i in range(bar.layout_box.count())],
        "layout": workspace.paper.settings.layout,
        "drawn": [text.text for text in window.canvas.page.texts if text.role == "lead"],
        "label_sets": [
            str(one.itemData(i)) for one in window.findChildren(QComboBox) for i in range(one.count())
        ],
    }
    for action, name in (("file.share", "format"), ("file.export_report", "form")):
        window.menus[action].trigger()
        sheet = window.findChild(QComboBox, name).window()
        boxes = {one.objectName(): one for one in sheet.findChildren(QComboBox)}
        found[action] = {key: box(key, sheet) for key in boxes}
        if name == "format":
            sheet.reject()
    boxes["form"].setCurrentIndex(boxes["form"].findData(".line"))
    target = folder / "window.line"
    with patch.object(QFileDialog, "getSaveFileName", return_value=(str(target), "")):
        next(one for one in sheet.findChildren(QPushButton) if one.text() == "Choose a place …").click()
    until(lambda: target.exists())
    found["exported"] = target.read_text(encoding="utf-8")
    workspace.paper.set_view("explain")
    found["offered_blind"] = window.findChild(QComboBox, "explanation") is not None
    workspace.steps.apply(SetComment("read"))
    workspace.steps.commit_first_read()
    workspace.steps.reveal()
    until(lambda: window.findChild(QComboBox, "explanation") is not None)
    found["explanations"] = box("explanation", window)
    chosen = window.findChild(QComboBox, "explanation")
    chosen.setCurrentIndex(chosen.findData("mine"))
    until(lambda: workspace.answers.explanation is not None)
    until(lambda: workspace.jobs.n_alive == 0)
    found["bars"] = len(workspace.paper.overlay.bars)
    found["legend"] = window.legend.text()
    found["told"] = [
        label.text() for label in window.findChildren(QLabel) if label.text().startswith("Largest")
    ]
    window.close()
    return found


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(json.dumps({"cli": on_the_command_line(target), "window": in_the_window(target)}))
