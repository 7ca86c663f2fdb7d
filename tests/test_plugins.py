"""A file of others that cannot be taken is named and left out; all else works."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecgview import resources

ROOT = Path(__file__).resolve().parent.parent
DEMO = resources.path("demo", "normal.hea")
BROKEN = "def broken(:\n"
FAULTY = {
    "ecgview.paper.layouts": 'LAYOUT = "no layout"\n',
    "ecgview.formats": 'EXTENSIONS = (".mine",)\n',
    "ecgview.report": 'SUFFIX = ".mine"\n',
    "ecgview.models.networks": 'NAME = "no network"\n',
    "ecgview.explain": 'NEEDS = "classifier"\n',
    "ecgview.desktop.panels": 'NAME = "no panel"\n',
    "ecgview.cli": 'NAME = "mine"\n',
    "ecgview.cli.train": "raise KeyError('mine')\n",
    "ecgview.training.data.sources": "def sniff(path): return False\n",
}
ASKS_ALL = """
import importlib
from ecgview import cli, explain, formats, plugins, report
from ecgview.cli import train
from ecgview.desktop.chrome import menus, side_panels
from ecgview.models import networks
from ecgview.paper import layouts
from ecgview.training.data import sources
assert all([layouts.known(), formats.known(), report.exports(), explain.known(), sources.layouts()])
assert list(networks.every())
assert side_panels.discovered() and menus.rows() and cli.parser()
print(*(fault.where for fault in plugins.faults()), sep="\\n")
"""
IN_THE_WINDOW = """
import sys, time
from pathlib import Path
from ecgview.desktop.app import application, open_window
from ecgview.desktop.settings import Settings
qt = application()
window = open_window(settings=Settings(), store_path=Path(sys.argv[1]))
said = []
window.workspace.telling.posted.connect(said.append)
print(window.messages.text.text(), window.messages.details.text())
window.workspace.ecg.open(Path(sys.argv[2]))
end = time.monotonic() + 100
while window.workspace.ecg.record is None and time.monotonic() < end:
    qt.processEvents()
    time.sleep(0.01)
print(*(one.text + one.details for one in said))
window.close()
"""


def _child(
    code: str, tmp_path: Path, added: dict[str, Path], *words: object
) -> subprocess.CompletedProcess[str]:
    rooms = "".join(
        f"import {room} as room; room.__path__.append({str(folder)!r})\n" for room, folder in added.items()
    )
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    home = {name: str(tmp_path / "home") for name in names}
    env = {**os.environ, **home, "QT_QPA_PLATFORM": "offscreen"}
    line = [sys.executable, "-c", rooms + code, *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT, env=env)


def _command(tmp_path: Path, added: dict[str, Path], *words: object) -> subprocess.CompletedProcess[str]:
    code = f"import sys; from ecgview.cli import main; sys.exit(main({[str(word) for word in words]!r}))"
    return _child(code, tmp_path, added)


def _folders(tmp_path: Path, texts: dict[str, str]) -> dict[str, Path]:
    folders = {room: tmp_path / room for room in texts}
    for room, folder in folders.items():
        folder.mkdir()
        (folder / "mine.py").write_text(texts[room], encoding="utf-8")
        (folder / "broken.py").write_text(BROKEN, encoding="utf-8")
    return folders


def test_nothing_of_ours_is_left_out(tmp_path: Path) -> None:
    done = _child(ASKS_ALL, tmp_path, {})
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_what_a_room_cannot_take_is_named_and_left_out(tmp_path: Path) -> None:
    folders = _folders(tmp_path, FAULTY)
    done = _child(ASKS_ALL, tmp_path, folders)
    assert done.returncode == 0, done.stderr
    wanted = [str(folder / name) for folder in folders.values() for name in ("broken.py", "mine.py")]
    assert sorted(done.stdout.split("\n")[:-1]) == sorted(wanted)


def test_the_list_of_networks_says_which_cannot_be_used_and_why(tmp_path: Path) -> None:
    folders = _folders(tmp_path, {"ecgview.models.networks": FAULTY["ecgview.models.networks"]})
    done = _command(tmp_path, folders, "models", "networks")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert "mtecg" in lines
    assert any(line.startswith("broken  (cannot be used: ") and "SyntaxError" in line for line in lines)
    assert any(line.startswith("mine  (cannot be used: ") and "it lacks build" in line for line in lines)
    done = _command(tmp_path, folders, "models", "networks", "--json")
    faults = {row["network"]: row["fault"] for row in json.loads(done.stdout)}
    assert "SyntaxError" in faults.pop("broken")
    assert "it lacks build" in faults.pop("mine")
    assert set(faults.values()) == {""}
    code = (
        "import json; from ecgview import api; print(json.dumps([api.list_networks(), api.network_faults()]))"
    )
    names, told = json.loads(_child(code, tmp_path, folders).stdout)
    assert {"broken", "mine", "mtecg"} <= set(names)
    assert set(told) == {"broken", "mine"}


def test_a_tool_of_a_marked_room_is_no_fault(tmp_path: Path) -> None:
    folders = _folders(tmp_path, {"ecgview.report": "ANSWER = 42\n"})
    done = _child(ASKS_ALL, tmp_path, folders)
    assert done.stdout.split("\n")[:-1] == [str(folders["ecgview.report"] / "broken.py")]


@pytest.mark.parametrize(
    ("room", "words"),
    [
        ("ecgview.cli", ("--version",)),
        ("ecgview.formats", ("info", DEMO)),
        ("ecgview.formats", ("formats",)),
        ("ecgview.explain", ("explain",)),
        ("ecgview.paper.layouts", ("report", DEMO, "--no-ai", "-o", "OUT.json")),
        ("ecgview.report", ("report", DEMO, "--no-ai", "-o", "OUT.json")),
        ("ecgview.desktop.panels", ("screenshot", DEMO, "-o", "OUT.png")),
    ],
)
def test_a_command_works_and_names_the_file(room: str, words: tuple[object, ...], tmp_path: Path) -> None:
    folders = _folders(tmp_path, FAULTY)
    words = tuple(tmp_path / str(word) if str(word).startswith("OUT") else word for word in words)
    done = _command(tmp_path, folders, *words)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if f"{room}.broken is left out" in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"ecgview: {folders[room] / 'broken.py'}: ")
    assert "SyntaxError" in lines[0]
    assert f"{room}.mine is left out: it lacks " in done.stderr


def test_the_window_opens_and_tells_what_is_left_out(tmp_path: Path) -> None:
    folders = _folders(tmp_path, FAULTY)
    done = _child(IN_THE_WINDOW, tmp_path, folders, tmp_path / "reads.db", DEMO)
    assert done.returncode == 0, done.stderr
    for room in ("ecgview.desktop.panels", "ecgview.paper.layouts", "ecgview.formats"):
        for name in ("broken", "mine"):
            assert done.stdout.count(f"{room}.{name} is left out") == 1, done.stdout


@pytest.mark.parametrize("garbage", [b"\xff\x00\xfe", b"# id: other\ncode,english\nA,a\n", b"nothing"])
def test_a_label_file_that_is_wrong_is_named_and_left_out(garbage: bytes, tmp_path: Path) -> None:
    where = _child("from ecgview.labels import label_set; print(label_set.user_folder())", tmp_path, {})
    folder = Path(where.stdout.strip())
    folder.mkdir(parents=True)
    for name in ("bad.csv", "ptbxl71.csv"):
        (folder / name).write_bytes(garbage)
    listed = _command(tmp_path, {}, "labels")
    assert listed.returncode == 0, listed.stderr
    assert "ptbxl71 " in listed.stdout
    assert "bad" not in listed.stdout
    assert str(folder / "bad.csv") in listed.stderr
    assert str(folder / "ptbxl71.csv") in listed.stderr
    assert len(listed.stderr.splitlines()) == 2
    asked = _command(tmp_path, {}, "labels", "bad")
    assert asked.returncode == 1
    assert str(folder / "bad.csv") in asked.stderr
    shot = _command(tmp_path, {}, "screenshot", DEMO, "-o", tmp_path / "w.png", "--view", "annotate")
    assert shot.returncode == 0, shot.stderr
    assert "bad is left out" in shot.stderr
