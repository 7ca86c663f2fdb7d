"""Paragraphs and tables poured into boxes of a sheet: what has no room is returned, never cut off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ecgview.paper.sheet import Block, Line, TextRun, Tone

LEADING = 1.3  # distance of baselines, in sizes
BAR_MM = 1.8
KEPT_LINES = 4
CELL_MM = 1.5  # between the columns of a table
ROW_MM = 0.7  # between its rows


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that text may fill, its upper left corner at (x, y)."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    @property
    def bottom_mm(self) -> float:
        """Where it ends."""
        return self.y_mm + self.height_mm


@dataclass(frozen=True, slots=True)
class Poured:
    """What was placed and what had no room; `bottom_mm` is where the lowest line ends."""

    lines: tuple[Line, ...] = ()
    blocks: tuple[Block, ...] = ()
    rest: tuple[TextRun, ...] = ()
    bottom_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: a text for each column, or one over its whole width."""

    cells: tuple[str, ...]
    bold: bool = False
    tone: Tone = "text"


def pour(runs: Sequence[TextRun], boxes: Sequence[Box]) -> Poured:
    """Return paragraphs laid into boxes, one box after the other; a paragraph may go on in the next box."""
    lines: list[Line] = []
    blocks: list[Block] = []
    waiting = [part for run in runs for part in _paragraphs(run)]
    bottom = 0.0
    for box in boxes:
        y = box.y_mm
        while waiting:
            run = waiting[0]
            texts = _wrapped(run, box.width_mm)
            fits = _room(run, texts, box.bottom_mm - y)
            if 0 < fits < len(texts) <= KEPT_LINES and y > box.y_mm:
                fits = 0  # a statement is not torn apart
            if fits == len(texts) and run.with_next and not _first_of_next_fits(waiting, texts, box, y):
                fits = 0
            if fits == 0:
                break
            for text in texts[:fits]:
                lines.append(Line(text.rstrip(), box.x_mm, y + run.size_mm, run.size_mm, run.bold, run.tone))
                y += LEADING * run.size_mm
            bottom = max(bottom, y)
            if fits < len(texts):
                waiting[0] = replace(run, text="".join(texts[fits:]))
                break
            if run.bar is not None:
                blocks.append(_signed_bar(box, y, run.bar))
                y += BAR_MM
                bottom = max(bottom, y)
            y += run.gap_mm
            waiting.pop(0)
    return Poured(tuple(lines), tuple(blocks), tuple(waiting), bottom)


def tabulate(rows: Sequence[Row], widths_mm: Sequence[float], box: Box, size_mm: float) -> tuple[Poured, int]:
    """Return the rows of a table that the box has room for, and how many they are.

    The first row is the head; it is counted like the others.
    """
    lines: list[Line] = []
    y = box.y_mm
    placed = 0
    for row in rows:
        widths = widths_mm if len(row.cells) > 1 else (box.width_mm,)
        wrapped = [
            _wrapped(TextRun(clean(cell), size_mm, row.bold), width - CELL_MM)
            for cell, width in zip(row.cells, widths, strict=True)
        ]
        height = max(len(texts) for texts in wrapped) * LEADING * size_mm
        if y + height > box.bottom_mm:
            break
        x = box.x_mm
        for texts, width in zip(wrapped, widths, strict=True):
            for number, text in enumerate(texts):
                baseline = y + size_mm + number * LEADING * size_mm
                lines.append(Line(text.rstrip(), x, baseline, size_mm, row.bold, row.tone))
            x += width
        y += height + ROW_MM
        placed += 1
    return Poured(tuple(lines), (), (), y), placed


def clean(text: str) -> str:
    """Return a text without characters that draw nothing or turn the writing about."""
    kept = (one if one.isprintable() or one == "\n" else " " for one in text)
    return "".join(kept)


def _paragraphs(run: TextRun) -> list[TextRun]:
    parts = clean(run.text).rstrip("\n").split("\n")
    within = [replace(run, text=part, gap_mm=0.0, bar=None) for part in parts[:-1]]
    return [*within, replace(run, text=parts[-1])]


def _wrapped(run: TextRun, width_mm: float) -> tuple[str, ...]:
    from ecgview.paper.painter import wrapped

    return wrapped(run.text, run.size_mm, run.bold, width_mm)


def _room(run: TextRun, texts: Sequence[str], height_mm: float) -> int:
    """Return how many of the lines fit into a height; a bar stays with its last line."""
    fits = min(len(texts), int((height_mm + 1e-6) / (LEADING * run.size_mm)))
    needs = len(texts) * LEADING * run.size_mm + (BAR_MM if run.bar is not None else 0.0)
    return fits - 1 if fits == len(texts) and fits and needs > height_mm + 1e-6 else max(0, fits)


def _first_of_next_fits(waiting: Sequence[TextRun], texts: Sequence[str], box: Box, y_mm: float) -> bool:
    if len(waiting) < 2:
        return True
    head, after = waiting[0], waiting[1]
    below = y_mm + len(texts) * LEADING * head.size_mm + head.gap_mm
    return below + LEADING * after.size_mm <= box.bottom_mm + 1e-6


def _signed_bar(box: Box, y_mm: float, value: float) -> Block:
    half = box.width_mm / 2
    length = abs(value) * half
    left = box.x_mm + half - (0.0 if value > 0 else length)
    return Block(left, y_mm, length, 1.2, "positive" if value > 0 else "negative")
