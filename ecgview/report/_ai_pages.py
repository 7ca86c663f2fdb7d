"""The AI's answers, on pages of their own behind the tracing: statements in a table, LEF, the facts of each model."""

from collections.abc import Sequence

from ecgview.counts import probability
from ecgview.labels.statements_shown import ShownPrediction, ShownStatement, not_judged_sentence, shown
from ecgview.paper.sheet import Sheet, TextRun
from ecgview.report import _texts
from ecgview.report._flow import Box, Poured, Row, pour, tabulate
from ecgview.report._frame import BODY_MM, FOOT_MM, SIDE_MM, WIDTH_MM
from ecgview.report.content import ReportContent
from ecgview.results import Prediction

GAP_MM = 5.0
TABLE_MM = (39.5, 10.0, 12.5, 9.5, 22.5)  # statement, probability, threshold, percentile, status
HALF_MM = sum(TABLE_MM)
LEFT_MM = 2 * HALF_MM + GAP_MM
RIGHT_X_MM = SIDE_MM + LEFT_MM + GAP_MM
RIGHT_MM = SIDE_MM + WIDTH_MM - RIGHT_X_MM
SIZE_MM = 2.5
STEP_MM = 4.0
HEAD = Row(("Statement", "Prob.", "Thresh.", "Perc.", "Status"), tone="faint")

Runs = tuple[TextRun, ...]


def sheets(content: ReportContent) -> list[Sheet]:
    """Return the pages of the AI's answers; none where there are none."""
    if content.prediction is None and content.lef is None:
        return []
    before, rows, after = _classifier(content.prediction)
    lef = _texts.lef(content)
    found = []
    while before or rows or after or lef:
        parts = []
        first = pour(before, [Box(SIDE_MM, BODY_MM, LEFT_MM, FOOT_MM - BODY_MM)])
        parts.append(first)
        before = first.rest
        top = first.bottom_mm + 1.5 if first.lines else BODY_MM
        if rows and not before:
            placed, table, bottom = _two_columns(rows, top)
            parts += table
            rows, top = rows[placed:], bottom + 1.5
        if not rows and not before:
            under = pour(after, [Box(SIDE_MM, top, LEFT_MM, max(0.0, FOOT_MM - top))])
            parts.append(under)
            after = under.rest
        beside = pour(lef, [Box(RIGHT_X_MM, BODY_MM, RIGHT_MM, FOOT_MM - BODY_MM)])
        parts.append(beside)
        lef = beside.rest
        lines = tuple(line for part in parts for line in part.lines)
        found.append(Sheet(lines, blocks=tuple(block for part in parts for block in part.blocks)))
    return found


def _classifier(answer: Prediction | None) -> tuple[Runs, list[Row], Runs]:
    """Return what stands above the table of statements, its rows without the head, and what stands below."""
    title = TextRun("AI: diagnoses, not part of the research read", 3.6, bold=True)
    if answer is None:
        return (title, TextRun("not computed", tone="faint")), [], ()
    found = shown(answer)
    before = [title, TextRun(f"{found.summary}.", 3.2)]
    before += [TextRun(f"Contradiction: {sentence}", tone="caution") for sentence in found.contradictions]
    before += [TextRun(warning, tone="caution") for warning in answer.warnings]
    if not answer.analysed:
        return tuple(before), [], _texts.facts(answer.model, "", "")
    after = [TextRun(f"Prob.: probability, {answer.model.calibrated}. Percentile: {found.reference}.", 2.5)]
    after += [TextRun(f"{item.score.code}: {item.shares}.", 2.5) for item in found.with_shares]
    if sentence := not_judged_sentence(found):
        after.append(TextRun(sentence, 2.5))
    return tuple(before), _rows(found), (*after, *_texts.facts(answer.model, answer.device, answer.precision))


def _rows(found: ShownPrediction) -> list[Row]:
    """Return a row for every statement that is judged or not assessable; of a model without thresholds, for all."""
    told = found.of("positive", "below threshold", "not assessable")
    rows: list[Row] = []
    part = ""
    for item in told or found.statements:
        if item.part != part:
            part = item.part
            rows.append(Row((part,), bold=True))
        rows.append(_row(item))
    return rows


def _row(item: ShownStatement) -> Row:
    score = item.score
    threshold = "none" if score.threshold is None else probability(score.threshold)
    status = f"not assessable: {score.not_assessable}" if score.not_assessable else item.status
    cells = (item.name, probability(score.probability), threshold, item.percentile or "-", status)
    return Row(cells, bold=score.is_positive, tone="caution" if score.not_assessable else "text")


def _two_columns(rows: Sequence[Row], top_mm: float) -> tuple[int, list[Poured], float]:
    """Return how many rows were placed in two columns as even as can be, what was placed, and where it ends."""
    height = 8 * STEP_MM
    while True:
        most = FOOT_MM - top_mm
        left, first = _table(rows, Box(SIDE_MM, top_mm, HALF_MM, min(height, most)))
        right, second = _table(
            rows[first:], Box(SIDE_MM + HALF_MM + GAP_MM, top_mm, HALF_MM, min(height, most))
        )
        if first + second == len(rows) or height >= most:
            return max(1, first + second), [left, right], max(left.bottom_mm, right.bottom_mm)
        height += STEP_MM


def _table(rows: Sequence[Row], box: Box) -> tuple[Poured, int]:
    if not rows:
        return Poured(bottom_mm=box.y_mm), 0
    placed, count = tabulate([HEAD, *rows], TABLE_MM, box, SIZE_MM)
    return placed, max(0, count - 1)
