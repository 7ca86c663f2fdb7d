"""The canvas, pixel by pixel, at device pixel ratios 1 and 2. ECGVIEW_UPDATE_GOLDEN=1 writes the pictures again."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from ecgview.paper.palette import RED

HERE = Path(__file__).parent
SHARE_EQUAL = 0.995
CASES = {
    "3x4+1R": "the whole page on its desk, as small as its words can be read",
    "3x4+3R": "V1, II and V5 as rhythm rows",
    "3x4": "three rows of four columns",
    "6x2": "six rows, limb leads left and chest leads right",
    "6x2-Cabrera": "aVL, I, -aVR, II, aVF, III from above",
    "12x1": "twelve rows",
    "single": "one lead over the whole width",
    "zoomed": "tile by tile, lines and grid joined where tiles meet, a bar to scroll by",
    "mask": "a masked stretch, hatched, with what was put there beneath the trace",
    "signed": "a strip beneath each lead, one colour above its middle and another below",
    "failed": "the same strips hatched, in no colour",
    "mark": "marks on one lead and on all, with their words",
    "mark-dark": "the same on dark paper",
}
GOLDEN_AT = ("1", "2")
Pictures = Callable[[str], Path]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    """Return a function that paints all pictures at a ratio, once, and returns their folder."""
    made: dict[str, Path] = {}

    def at(ratio: str) -> Path:
        if ratio not in made:
            made[ratio] = folder = tmp_path_factory.mktemp(f"canvas-{ratio}")
            words = [sys.executable, str(HERE / "canvas_pictures.py"), str(folder)]
            words += ["--grid"] * (ratio not in GOLDEN_AT)
            run = subprocess.run(
                words, env={**os.environ, "QT_SCALE_FACTOR": ratio}, capture_output=True, text=True
            )
            assert run.returncode == 0, run.stderr[-2000:]
        return made[ratio]

    return at


def _pixels(path: Path) -> NDArray[np.int16]:
    """Return a picture, (rows, columns, 3), 0..255."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888)
    assert not image.isNull(), path
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(np.int16)


@pytest.mark.parametrize("ratio", GOLDEN_AT)
@pytest.mark.parametrize("case", sorted(CASES))
def test_the_canvas_looks_as_approved(case: str, ratio: str, pictures: Pictures) -> None:
    name = f"canvas_{case}_x{ratio}.png"
    painted, approved = pictures(ratio) / name, HERE / name
    if os.environ.get("ECGVIEW_UPDATE_GOLDEN"):
        shutil.copy(painted, approved)
    now, then = _pixels(painted), _pixels(approved)
    assert now.shape == then.shape, CASES[case]
    equal = (np.abs(now - then) <= 1).all(axis=2)
    assert equal.mean() >= SHARE_EQUAL, (
        f"{CASES[case]}: {100 * (1 - equal.mean()):.2f} % of the pixels differ"
    )


@pytest.mark.parametrize("case", ["3x4+1R", "zoomed"])
@pytest.mark.parametrize("ratio", ["1", "1.25", "1.5", "1.75", "2"])
def test_c4_the_grid_is_even_and_without_a_seam_at_every_ratio(
    case: str, ratio: str, pictures: Pictures
) -> None:
    seen = _pixels(pictures(ratio) / f"canvas_{case}_x{ratio}.png")
    heavy = _is_heavy(seen)
    for along in (0, 1):
        share = heavy.mean(axis=along)
        lines = np.flatnonzero(share > 0.5 * share.max())
        runs = np.split(lines, np.flatnonzero(np.diff(lines) > 1) + 1)
        thick = Counter(len(run) for run in runs[1:-1])
        assert len(runs) > 8
        assert len(thick) == 1, f"lines of {dict(thick)} px"
        places = np.array([run[0] for run in runs])
        steps = np.diff(places)
        numbers = np.append(0.0, np.cumsum(np.rint(steps / np.median(steps))))  # a trace may lie over a line
        scale = (places[-1] - places[0]) / numbers[-1]
        assert np.abs(places - places[0] - numbers * scale).max() <= 1.0, "lines off their millimetre"


def _is_heavy(seen: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return where the heavy lines of the grid are, in colour or in grey."""
    colour, one = QColor(RED.heavy), QImage(1, 1, QImage.Format.Format_RGB32)
    one.fill(colour)
    grey = one.convertToFormat(QImage.Format.Format_Grayscale8).pixelColor(0, 0)
    is_grey = bool((seen[..., 0] == seen[..., 2]).all())
    wanted = grey if is_grey else colour
    return np.asarray(
        (np.abs(seen - np.array([wanted.red(), wanted.green(), wanted.blue()])) <= 3).all(axis=2)
    )
