"""Text and tables on one page, placed in millimetres from its upper left corner; a table is made to fit."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview import resources
from ecgview.about import RESEARCH_USE_ONLY, VERSION
from ecgview.training.evaluation.written import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

A4_MM = (210.0, 297.0)
MM_PER_POINT = 25.4 / 72
LINE = 1.3  # of the size of the letters
MOST_LINES, SMALLEST = 4, 4.0
INK, SOFT, RULE = "#1b1f24", "#57606a", "#c9ced4"


@lru_cache
def font(bold: bool = False) -> "FontProperties":
    """Return the letters that ship with ecgview."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(
        fname=str(resources.path("fonts") / f"NotoSans-{'Bold' if bold else 'Regular'}.ttf")
    )


@lru_cache(maxsize=4096)
def width_mm(text: str, size: float, bold: bool = False) -> float:
    """Return how wide a line of text is, in mm, at a size in points."""
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(
        text.replace("$", r"\$"), _at(size, bold), ismath=False
    )
    return float(width) * MM_PER_POINT


def _at(size: float, bold: bool) -> "FontProperties":
    sized = font(bold).copy()
    sized.set_size(size)
    return sized


class Ink:
    """One A4 page; every call returns the y below what it wrote."""

    def __init__(self) -> None:
        from matplotlib.figure import Figure

        width, height = A4_MM
        self.figure = Figure(figsize=(width / 25.4, height / 25.4))
        self._page = self.figure.add_axes((0, 0, 1, 1))
        self._page.set_axis_off()
        self._page.set_xlim(0, width)
        self._page.set_ylim(height, 0)

    def line(
        self, x: float, y: float, text: str, size: float = 7, *, bold: bool = False, soft: bool = False
    ) -> float:
        """Write one line with its upper edge at y."""
        self._put(x, y, text, size, bold, SOFT if soft else INK)
        return y + LINE * size * MM_PER_POINT

    def paragraph(
        self, x: float, y: float, width: float, text: str, size: float = 7, *, soft: bool = False
    ) -> float:
        """Write text in lines no wider than `width`."""
        for one in wrapped(text, width, size):
            y = self.line(x, y, one, size, soft=soft)
        return y

    def facts(
        self, x: float, y: float, width: float, rows: Sequence[tuple[str, str]], size: float = 7
    ) -> float:
        """Write names and what they stand for, in two columns; a text of many lines in smaller letters."""
        indent = max(width_mm(name, size, True) for name, _ in rows) + 2.5
        for name, text in rows:
            self.line(x, y, name, size, bold=True)
            own = size
            while own > SMALLEST and len(wrapped(text, width - indent, own)) > MOST_LINES:
                own -= 0.5
            y = self.paragraph(x + indent, y, width - indent, text, own) + 0.4
        return y

    def foot(self, x: float, width: float, text: str) -> None:
        """Write small text at the foot of the page, which ends with what ecgview is not for."""
        self.rule(A4_MM[1] - 15.5)
        self.paragraph(
            x, A4_MM[1] - 14.5, width, f"{text}{RESEARCH_USE_ONLY} ecgview {VERSION}.", 5.8, soft=True
        )

    def rule(self, y: float) -> None:
        """Draw a line across the page."""
        self._page.plot([10, A4_MM[0] - 10], [y, y], color=RULE, linewidth=0.6)

    def table(
        self,
        x: float,
        y: float,
        width: float,
        rows: Sequence[Sequence[str]],
        size: float = 6.5,
        lead: float = LINE,
    ) -> float:
        """Write rows under their first one, the head; the first column to the left, the others to the right.

        Letters are made smaller until the widest row fits.
        """
        gap = 2.2
        columns = list(zip(*rows, strict=True))
        natural = [max(width_mm(cell, size, row == 0) for row, cell in enumerate(cells)) for cells in columns]
        room = width - gap * (len(columns) - 1)
        if sum(natural) > room:
            size *= room / sum(natural)
            natural = [one * room / sum(natural) for one in natural]
        for number, row in enumerate(rows):
            edge = x
            for place, (cell, wide) in enumerate(zip(row, natural, strict=True)):
                at = edge if place == 0 else edge + wide
                self._put(at, y, cell, size, number == 0, INK, "left" if place == 0 else "right")
                edge += wide + gap
            y += lead * size * MM_PER_POINT
            if number == 0:
                self._page.plot([x, edge - gap], [y - 0.1, y - 0.1], color=RULE, linewidth=0.5)
                y += 0.5
        return y

    def axes(self, x: float, y: float, width: float, height: float) -> "Axes":
        """Return a drawing area with small letters."""
        page_width, page_height = A4_MM
        box = (x / page_width, 1 - (y + height) / page_height, width / page_width, height / page_height)
        made = self.figure.add_axes(box)
        made.tick_params(labelsize=5.5, length=2, width=0.5, colors=SOFT)
        for label in (*made.get_xticklabels(), *made.get_yticklabels()):
            label.set_fontproperties(_at(5.5, False))
        for side in made.spines.values():
            side.set_color(RULE)
        return made

    def _put(
        self, x: float, y: float, text: str, size: float, bold: bool, colour: str, align: str = "left"
    ) -> None:
        self._page.text(
            x,
            y,
            text,
            fontproperties=_at(size, bold),
            color=colour,
            ha=align,
            va="top",
            parse_math=False,
        )


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Return lines of whole words, none wider than `width` mm; a longer word is broken."""
    lines: list[str] = []
    now = ""
    for word in text.split():
        while width_mm(word, size) > width:
            fits = next(n for n in range(len(word), 0, -1) if n == 1 or width_mm(word[:n], size) <= width)
            lines += [now, word[:fits]] if now else [word[:fits]]
            now, word = "", word[fits:]
        trial = f"{now} {word}".strip()
        if width_mm(trial, size) > width:
            lines.append(now)
            trial = word
        now = trial
    return [*lines, now] if now else lines


def sized(size: float, bold: bool = False) -> "FontProperties":
    """Return the letters at a size in points, for labels of a drawing."""
    return _at(size, bold)


def write_pdf(figures: "Sequence[Figure]", path: Path, title: str) -> None:
    """Write pages as PDF, whole or not at all; the same pages give the same bytes."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    metadata = {"Title": title, "Creator": "ecgview", "CreationDate": None}
    with (
        whole_file(path) as part,
        rc_context({"pdf.fonttype": 42}),
        PdfPages(part, metadata=metadata) as pages,
    ):
        for figure in figures:
            figure.savefig(pages, format="pdf")
