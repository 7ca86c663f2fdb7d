"""The paragraphs of the LEF result and of a model's facts in a printed report."""

from ecgview.counts import counted
from ecgview.paper.sheet import TextRun
from ecgview.report.content import ReportContent
from ecgview.results import LefResult, ModelFacts, Placed

NEVER = "Never compared with echocardiography: no verdict."
LOW = "A low percentile does not rule out disease."
PUBLISHED = "Published predictors, each on its own"

Runs = tuple[TextRun, ...]

MOST_PREDICTORS = 10


def lef(content: ReportContent) -> Runs:
    """Return the LEF result with its kind, contributions and their sum."""
    runs = [TextRun("AI: low ejection fraction (LEF)", 3.6, bold=True)]
    answer = content.lef
    if answer is None:
        return (*runs, TextRun("not computed", tone="faint"))
    if not answer.analysed:
        doubts = [TextRun(warning, tone="caution") for warning in answer.warnings]
        return (
            *runs,
            TextRun(f"Not analysed: {answer.reason}", bold=True),
            *doubts,
            *facts(answer.model, "", ""),
        )
    singles = [TextRun(f"{name} = {value:.3f}") for name, value in answer.single_predictors]
    if len(singles) > MOST_PREDICTORS:  # of a fitted model the contributions below name the largest
        singles = []
    if answer.kind == "index":
        shown = map(_placed, answer.placed_foremost(MOST_PREDICTORS))
        title = f"Fitted to {answer.cut}, not calibrated" if answer.cut else PUBLISHED
        runs += [TextRun(title, bold=True), *shown]
        if answer.reference:
            runs.append(TextRun(f"Percentiles among {answer.reference}."))
        whose = "Its output" if answer.cut else "Their mean"
        runs.append(TextRun(f"{whose}, an index and not a probability: {answer.place}", bold=True))
        runs.append(TextRun(LOW if answer.cut else f"{NEVER} {LOW}", tone="caution"))
    else:
        threshold = "no threshold" if answer.threshold is None else f"threshold {answer.threshold:.2f}"
        said = f"{answer.result}: {answer.value:.2f} (probability of {answer.cut}; {threshold})"
        runs += [TextRun(said, 3.2, bold=True), *singles]
    runs += [TextRun(warning, tone="caution") for warning in answer.warnings]
    return (*runs, *_contributions(answer), *facts(answer.model, "", answer.precision))


def _placed(one: Placed) -> TextRun:
    towards = f"; towards a low fraction: {one.direction}" if one.direction else ""
    return TextRun(f"{one.predictor} = {one.value:.4f}: {one.place}{towards}")


def _contributions(answer: LefResult) -> Runs:
    shares = answer.contributions
    if shares is None:
        return ()
    largest = max((abs(item.contribution) for item in shares.items), default=1.0) or 1.0
    runs = [TextRun(f"Contributions ({shares.output_unit}, {shares.method})", bold=True)]
    if answer.no_place:
        runs.append(TextRun(answer.no_place))
    for item in shares.items[:MOST_PREDICTORS]:
        text = f"{item.predictor} = {item.value:.3g}:  {item.contribution:+.3f}"
        runs.append(TextRun(text, 2.8, bar=item.contribution / largest))
    if rest := shares.items[MOST_PREDICTORS:]:
        others = sum(item.contribution for item in rest)
        runs.append(
            TextRun(
                f"{counted(len(rest), 'other')}:  {others:+.3f}", 2.8, bar=others / max(largest, abs(others))
            )
        )
    total = sum(item.contribution for item in shares.items)
    runs.append(
        TextRun(f"base {shares.base_value:.3f} + sum {total:+.3f} = {shares.model_output:.3f}", bold=True)
    )
    return tuple(runs)


def facts(model: ModelFacts, device: str, precision: str = "fp32") -> Runs:
    """Return the facts of a model: version, checksum, training data, calibration, what it is not for.

    Where the figures of another model stand for it, that stands among them.
    `device` and `precision` are "" where it was not asked.
    """
    first = f"{model.origin}: " if model.origin else ""
    first += f"{model.name} {model.version}, sha256 {model.sha256[:12] or 'none'}"
    if device:
        first += f", on {device}"
    if precision:
        first += f", in {precision}"
    texts = [first, f"Training data: {model.training_data}", f"Calibration: {model.calibrated}"]
    if model.figures:
        texts.append(f"{model.figures[:1].upper()}{model.figures[1:]}")
    if model.caveat:
        texts.append(f"Out of scope: {model.caveat}")
    return tuple(TextRun(text, 2.5, tone="faint", gap_mm=0.2) for text in texts)
