"""The head of a report's first page: who, how it was recorded, what was measured, and what was read of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ecgview.counts import counted
from ecgview.leads import STANDARD_12
from ecgview.paper.sheet import TextRun, Tone
from ecgview.record import GAIN, TOLD_FIRST, EcgRecord
from ecgview.report.content import ReportContent
from ecgview.signal.device_values import WORDS, Compared, compared, sentences
from ecgview.signal.judgement import judged

Runs = tuple[TextRun, ...]

STATEMENT_MM = 3.5
LINE_MM = 3.0
SMALL_MM = 2.7
ON_THE_TRACE = ("synthetic", "derived", GAIN)  # notes that stand with the tracing
DEVICE_ONLY = ("pr", "qrs", "qt", "qtc", "qrs_axis")  # what a cart prints and this version does not measure


def title(content: ReportContent) -> TextRun:
    """Return what kind of ECG it is."""
    names = content.record.lead_names
    count = f"{len(names)}-lead " if set(STANDARD_12) <= set(names) else ""
    if content.record.synthetic:
        return TextRun(f"{count}synthetic ECG, no patient", 3.8, bold=True, tone="caution")
    return TextRun(f"{count}ECG", 4.2, bold=True)


def who(content: ReportContent) -> str:
    """Return the patient in one line, for every page."""
    person = content.record.patient
    if not content.identified:
        parts = ["de-identified", person.patient_id and f"study name {person.patient_id}"]
    else:
        parts = [person.name, person.patient_id and f"ID {person.patient_id}"]
        parts = parts if any(parts) else ["no name or ID in the file"]
    return "    ".join(part for part in (*parts, sex_and_age(content.record)) if part)


def sex_and_age(record: EcgRecord) -> str:
    """Return sex and age, or that they are not known."""
    person = record.patient
    age = counted(f"{person.age_years:g}", "year") if person.age_years is not None else "age unknown"
    return f"{person.sex or 'sex unknown'}, {age}"


def patient(content: ReportContent) -> Runs:
    """Return name, id, sex and age; the study name in their place where the report is de-identified."""
    person = content.record.patient
    if not content.identified:
        named = f"Study name {person.patient_id}" if person.patient_id else "No study name"
        first = (
            TextRun(named, 3.6, bold=True),
            TextRun("De-identified: no name, ID, dates or device", SMALL_MM),
        )
    else:
        first = (
            TextRun(person.name or "No name in the file", 3.6, bold=True),
            TextRun(f"ID {person.patient_id}" if person.patient_id else "no ID in the file", 3.2),
        )
    return (*first, TextRun(sex_and_age(content.record), 3.2, gap_mm=1.8))


def acquisition(content: ReportContent) -> Runs:
    """Return time, device, rate and filter as the file has them, and the notes of the import."""
    record, how = content.record, content.record.acquisition
    runs = []
    if content.identified:
        start = how.start_time.replace("T", " ") or "time not in the file"
        runs.append(TextRun(f"Recorded: {start}", LINE_MM))
        runs.append(TextRun(f"Device: {how.device or 'not in the file'}", LINE_MM))
    runs.append(TextRun(f"{record.sampling_rate_hz:g} Hz, {_seconds(record.seconds)} recorded", LINE_MM))
    runs.append(TextRun(f"Filter in the file: {_filter(record)}", LINE_MM))
    if record.missing_leads:
        text = f"Not recorded: {', '.join(record.missing_leads)}"
        runs.append(TextRun(text, LINE_MM, tone="caution"))
    refused = judged(record).reason
    if refused and content.prediction is None and content.lef is None:  # with an answer its own page says it
        runs.append(TextRun(f"No machine answer can be given: {refused}", LINE_MM, tone="caution"))
    told = [note for note in content.notes if note.kind not in ON_THE_TRACE]
    notes = [note.text for note in sorted(told, key=lambda note: note.kind not in TOLD_FIRST)]
    return (*runs, *(TextRun(note, SMALL_MM, tone="faint") for note in notes))


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"


def _filter(record: EcgRecord) -> str:
    how = record.acquisition
    parts = []
    if how.highpass_hz is not None or how.lowpass_hz is not None:
        low, high = ("?" if edge is None else f"{edge:g}" for edge in (how.highpass_hz, how.lowpass_hz))
        parts.append(f"{low}-{high} Hz")
    if how.notch_hz is not None:
        parts.append(f"notch {how.notch_hz:g} Hz" if how.notch_hz else "no notch")
    return ", ".join(parts) or "not stated"


def measurements(content: ReportContent) -> Runs:
    """Return the block of measurements: ecgview's own, then the device's where they may be shown."""
    runs = [TextRun("MEASUREMENTS", 3.4, bold=True, with_next=True)]
    own = {item.name: item for item in content.measurements}
    if {"RR min", "RR max"} <= own.keys() and None not in (own["RR min"].value, own["RR max"].value):
        low, high = own.pop("RR min"), own.pop("RR max")
        own["RR min to max"] = replace(low, name="RR", unit=f"to {high.value:g} {high.unit}")
    said: set[str] = set()
    for item in own.values():
        value = "not measured" if item.value is None else f"{item.value:g} {item.unit}"
        reason = "" if item.value is not None or item.note in said else item.note
        said.add(reason)  # once: rate and intervals share it
        runs.append(TextRun(f"{item.name}: {value} ({reason or item.source})", LINE_MM))
    rows = compared(content.record.device_reading, content.measurements) if content.with_device else []
    runs += _of_device(rows)
    known = {"QTc" if row.name.startswith("QTc") else row.name for row in rows} | own.keys()
    open_ones = [WORDS[name] for name in DEVICE_ONLY if WORDS[name] not in known]
    if open_ones:
        text = f"{', '.join(open_ones)}: not measured by this version"
        runs.append(TextRun(text, SMALL_MM, tone="faint"))
    return tuple(runs)


def _of_device(rows: Sequence[Compared]) -> Iterator[TextRun]:
    """Yield the device's values as carts print them: axes in one line, and so the corrected QT by each formula."""
    axes = [row for row in rows if row.unit == "deg"]
    corrected = [row for row in rows if row.name.startswith("QTc")]
    for row in rows:
        if row in axes or row in corrected:
            continue
        beside = "; differs from ecgview's" if row.differs else ""
        tone: Tone = "caution" if row.differs else "text"
        yield TextRun(f"{row.name}: {row.text} (device{beside})", LINE_MM, tone=tone)
    if corrected:
        values = ", ".join(f"{row.name} {row.value:g}" for row in corrected)
        yield TextRun(f"{values} {corrected[0].unit} (device)", LINE_MM)
    if axes:
        names = "/".join(row.name.removesuffix(" axis") for row in axes)
        yield TextRun(f"{names} axis: {' / '.join(row.text for row in axes)} (device)", LINE_MM)


def read_heading(content: ReportContent) -> Runs:
    """Return the heading of the read: its state, who read it and when, blind or not, whether AI had been open."""
    tone: Tone = "text" if content.is_signed else "caution"
    first = TextRun(f"RESEARCH READ: {content.read_state}", 4.2, bold=True, tone=tone, with_next=True)
    return (first, TextRun(content.read_facts, LINE_MM, gap_mm=1.2))


def statements(content: ReportContent) -> Runs:
    """Return the reader's statements in the order of a report, then comment, marks and reason."""
    if content.read is None:
        return ()
    draft = content.read.content
    runs = [TextRun(text, STATEMENT_MM, bold=True) for text in content.statement_texts]
    if not draft.statements:
        runs.append(TextRun("No statement was made.", LINE_MM, tone="faint"))
    if draft.comment.strip():
        runs.append(TextRun(f"Comment: {draft.comment.strip()}", 3.2))
    if not content.critical:  # else they stand with the flag
        runs += [TextRun(f"Told: {one.words}", LINE_MM) for one in draft.told]
    if content.read.reason:
        runs.append(TextRun(f"Why it was amended: {content.read.reason}", LINE_MM))
    for number, mark in enumerate(draft.annotations, 1):
        leads = " ".join(mark.leads) or "all leads"
        when = (
            f"{mark.start_s:.2f} s"
            if mark.start_s == mark.end_s
            else f"{mark.start_s:.2f}-{mark.end_s:.2f} s"
        )
        runs.append(TextRun(f"Mark {number}: {leads}, {when}: {mark.title or 'without text'}", SMALL_MM))
    return tuple(runs)


def critical(content: ReportContent) -> Runs:
    """Return what must not be missed, with its numbers, and whom the reader told of it (W6); ecgview tells nobody."""
    found = content.critical
    if not found:
        return ()
    names = "; ".join(f"{one.name} ({one.numbers})" for one in found)
    told = () if content.read is None else content.read.told
    who_knows = "; ".join(one.words for one in told) or "nobody is recorded as told; ecgview sends no alarm"
    first = TextRun(
        f"CRITICAL, by rule, to be confirmed: {names}", 3.6, bold=True, tone="caution", with_next=True
    )
    return (first, TextRun(f"Told: {who_knows}", LINE_MM, tone="text" if told else "caution"))


def criteria(content: ReportContent) -> Runs:
    """Return the criteria that are met, with the numbers that they used."""
    if not content.criteria:
        return ()
    heading = "CRITERIA MET, rules, no diagnosis"
    runs = [TextRun(heading, LINE_MM, bold=True, tone="faint", with_next=True)]
    met = [one for one in content.criteria if one.state == "met" and not one.critical]
    for one in met:
        doubt = "" if one.validated else "; shown, not validated"
        name = f"{one.name}, {one.choice}" if one.choice else one.name
        runs.append(TextRun(f"{name} ({one.numbers}{doubt})", SMALL_MM))
    open_ones = sum(one.state == "not measurable" for one in content.criteria)
    rest = f"{len(content.criteria)} asked, {open_ones} not measurable"
    runs.append(TextRun(rest if met or content.critical else f"none; {rest}", SMALL_MM, tone="faint"))
    return tuple(runs)


def in_the_file(content: ReportContent) -> Runs:
    """Return what the device, or a reader before, said in the file, in whole sentences with who said it."""
    if not content.with_device:
        return ()
    reading = content.record.device_reading
    if content.left_out_statements:
        text = f"Statements in the file: {content.left_out_statements}, left out of a de-identified report"
        return (TextRun(text, SMALL_MM, tone="faint"),)
    found = sentences(reading.statements)
    if not found:
        return ()
    runs = [TextRun("IN THE FILE, not by ecgview's reader", LINE_MM, bold=True, tone="faint", with_next=True)]
    for item in found:
        by = "device" if item.by == "machine" else "a reader, in the file"
        runs.append(TextRun(f"{item.text} ({by})", LINE_MM))
    return tuple(runs)
