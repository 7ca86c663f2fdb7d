"""The paragraphs of a printed report."""

from ecgview.labels.statements_shown import not_judged_sentence, shown
from ecgview.paper.sheet import TextRun
from ecgview.record import GAIN, TOLD_FIRST
from ecgview.report.content import ReportContent
from ecgview.results import LefResult, ModelFacts
from ecgview.signal.device_values import compared

NOT_READ = "No statements: this ECG has not been read."
SHOWN = 8

Runs = tuple[TextRun, ...]

MOST_PREDICTORS = 10


def patient(content: ReportContent) -> Runs:
    """Return name, id, sex and age."""
    who = content.record.patient
    first = "    ".join(part for part in (who.name, who.patient_id and f"ID {who.patient_id}") if part)
    age = f"{who.age_years:g} years" if who.age_years is not None else "age unknown"
    runs = [
        TextRun(first or "no name or ID in the file", 3.4),
        TextRun(f"{who.sex or 'sex unknown'}, {age}", 3.2),
    ]
    return tuple(runs)


def acquisition(content: ReportContent) -> Runs:
    """Return time, device, notes of the import."""
    record = content.record
    start = record.acquisition.start_time.replace("T", " ") or "recording time unknown"
    runs = [TextRun(f"Recorded: {start}", 3.2)]
    if record.acquisition.device:
        runs.append(TextRun(f"Device: {record.acquisition.device}", 3.2))
    if record.missing_leads:
        runs.append(TextRun(f"Not recorded: {', '.join(record.missing_leads)}", 3.0, tone="caution"))
    told = [
        note for note in content.notes if note.kind not in ("synthetic", "derived", GAIN)
    ]  # GAIN: on the trace
    notes = [note.text for note in sorted(told, key=lambda note: note.kind not in TOLD_FIRST)]
    runs += [TextRun(note, 2.8, tone="faint") for note in notes[:2]]
    return tuple(runs)


def statements(content: ReportContent) -> Runs:
    """Return the reader's statements and comment."""
    runs = [TextRun("Statements", 3.6, bold=True)]
    if content.read is None:
        return (*runs, TextRun(NOT_READ, tone="faint", gap_mm=3.0))
    draft = content.read.content
    runs += [TextRun(content.statement_text(statement), 3.2) for statement in draft.statements]
    if not draft.statements:
        runs.append(TextRun("none given", tone="faint"))
    if draft.comment:
        runs.append(TextRun(f"Comment: {draft.comment}"))
    if content.read.reason:
        runs.append(TextRun(f"Amended: {content.read.reason}"))
    runs.append(TextRun("", 1.0))
    return tuple(runs)


def measurements(content: ReportContent) -> Runs:
    """Return the named values with unit and source."""
    runs = [TextRun("Measurements", 3.6, bold=True)]
    for item in content.measurements:
        value = "not measured" if item.value is None else f"{item.value:g} {item.unit}"
        runs.append(TextRun(f"{item.name}: {value}  ({item.source})"))
    return tuple(runs)


def device(content: ReportContent) -> Runs:
    """Return what the device, or a reader before, wrote into the file, each with who wrote it."""
    reading = content.record.device_reading
    rows = compared(reading, content.measurements)
    if not content.with_device or not (rows or reading.statements):
        return ()
    runs = [TextRun("In the file, not by ecgview", 3.6, bold=True)]
    for row in rows:
        beside = "; differs from ecgview's" if row.differs else ""
        runs.append(TextRun(f"{row.name}: {row.text}  (device{beside})"))
    for item in reading.statements:
        who = "device" if item.by == "machine" else "a reader"
        runs.append(TextRun(f"{item.text or item.code}  ({who})"))
    return tuple(runs)


def prediction(content: ReportContent) -> Runs:
    """Return the classifier's positive statements in the order of a report, then the nearest below."""
    runs = [TextRun("AI: diagnoses", 3.6, bold=True)]
    answer = content.prediction
    if answer is None:
        return (*runs, TextRun("not computed", tone="faint"))
    found = shown(answer)
    runs.append(TextRun(f"{found.summary}.", 3.2))
    runs += [TextRun(f"Contradiction: {sentence}", tone="caution") for sentence in found.contradictions]
    part = ""
    blocked = {item.score.code for item in found.of("not assessable")}
    listed = {item.score.code for item in found.nearest(SHOWN)} | blocked
    for item in found.statements:
        if item.score.code not in listed:
            continue
        if item.part != part:
            part = item.part
            runs.append(TextRun(part, 2.8, bold=True))
        place = f", percentile {item.percentile}" if item.percentile else ""
        words = f"{item.name} [{item.score.code}]  {item.score.probability:.2f}{place} ({item.state})"
        runs.append(TextRun(words, bold=item.score.is_positive))
    runs.append(TextRun(f"Probability {answer.model.calibrated}. Percentile: {found.reference}.", 2.5))
    if sentence := not_judged_sentence(found):
        runs.append(TextRun(sentence, 2.5, tone="faint"))
    runs += [TextRun(warning, tone="caution") for warning in answer.warnings]
    return (*runs, *_facts(answer.model, answer.device))


def lef(content: ReportContent) -> Runs:
    """Return the LEF result with its kind, contributions and their sum."""
    runs = [TextRun("AI: low ejection fraction (LEF)", 3.6, bold=True)]
    answer = content.lef
    if answer is None:
        return (*runs, TextRun("not computed", tone="faint"))
    if not answer.analysed:
        return (*runs, TextRun(f"Not analysed: {answer.reason}", bold=True), *_facts(answer.model, ""))
    kind = "index, not a probability" if answer.kind == "index" else "probability"
    threshold = "no threshold" if answer.threshold is None else f"threshold {answer.threshold:.2f}"
    runs.append(TextRun(f"{answer.result}: {answer.value:.2f} ({kind}; {threshold})", 3.2, bold=True))
    if (
        len(answer.single_predictors) <= MOST_PREDICTORS
    ):  # of a fitted model the contributions below name the largest
        runs += [TextRun(f"{name} = {value:.3f}") for name, value in answer.single_predictors]
    return (*runs, *_contributions(answer), *_facts(answer.model, ""))


def _contributions(answer: LefResult) -> Runs:
    shares = answer.contributions
    if shares is None:
        return ()
    largest = max((abs(item.contribution) for item in shares.items), default=1.0) or 1.0
    runs = [TextRun(f"Contributions ({shares.output_unit}, {shares.method})", bold=True)]
    for item in shares.items[:MOST_PREDICTORS]:
        text = f"{item.predictor} = {item.value:.3g}:  {item.contribution:+.3f}"
        runs.append(TextRun(text, 2.8, bar=item.contribution / largest))
    if rest := shares.items[MOST_PREDICTORS:]:
        others = sum(item.contribution for item in rest)
        runs.append(
            TextRun(f"{len(rest)} others:  {others:+.3f}", 2.8, bar=others / max(largest, abs(others)))
        )
    total = sum(item.contribution for item in shares.items)
    runs.append(
        TextRun(f"base {shares.base_value:.3f} + sum {total:+.3f} = {shares.model_output:.3f}", bold=True)
    )
    return tuple(runs)


def _facts(model: ModelFacts, device: str) -> Runs:
    first = f"{model.origin}: " if model.origin else ""
    first += f"{model.name} {model.version}, sha256 {model.sha256[:12] or 'none'}"
    if device:
        first += f", on {device}"
    texts = [first, f"Training data: {model.training_data}", f"Calibration: {model.calibrated}"]
    if model.caveat:
        texts.append(f"Out of scope: {model.caveat}")
    return tuple(TextRun(text, 2.5, tone="faint", gap_mm=0.2) for text in texts)
