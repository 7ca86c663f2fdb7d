"""The head of a report's first page: who, how it was recorded, what was measured, and what was read of it."""

from collections.abc import Iterator, Mapping, Sequence

from ecgview.about import VERSION
from ecgview.counts import counted
from ecgview.leads import STANDARD_12
from ecgview.paper.sheet import TextRun, Tone
from ecgview.record import GAIN, TOLD_FIRST, EcgRecord
from ecgview.report.content import ReportContent
from ecgview.signal.device_values import Compared, compared, sentences
from ecgview.signal.judgement import judged
from ecgview.signal.measure import block
from ecgview.signal.measure.block import Entry, in_words, number, source
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import STIMULI, Measurement

Runs = tuple[TextRun, ...]

STATEMENT_MM = 3.5
LINE_MM = 3.0
SMALL_MM = 2.7
ON_THE_TRACE = ("synthetic", "derived", GAIN)  # notes that stand with the tracing


def title(content: ReportContent) -> TextRun:
    """Return what kind of ECG it is."""
    names = content.record.lead_names
    count = f"{len(names)}-lead " if set(STANDARD_12) <= set(names) else ""
    if content.record.what_if:
        return TextRun(f"NOT THE RECORDING, {content.record.what_if}", 3.8, bold=True, tone="caution")
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
    if content.measured is not None:
        notes += _how(content.measured, set(notes))
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
    """Return the block that every cart prints, ecgview's own, then the device's where they may be shown."""
    runs = [TextRun("MEASUREMENTS", 3.4, bold=True, with_next=True)]
    own = {item.name: item for item in content.measurements if not item.lead}
    if content.why_unmeasured:
        runs.append(TextRun(content.why_unmeasured, LINE_MM, tone="faint"))
    said: set[str] = set()
    for entry in block.of(content.measurements):
        runs.append(_measured(entry, said))
        if entry.values[0].name == "Heart rate":
            runs += _spread(own)
    stimuli = own.get(STIMULI)
    if stimuli is not None:
        value = "cannot be told" if stimuli.value is None else f"{stimuli.value:.0f} {stimuli.unit}"
        runs.append(TextRun(f"{STIMULI}: {value} ({stimuli.note or stimuli.source})", LINE_MM))
    reading = content.record.device_reading
    is_open = content.with_device or reading.is_computed  # ecgview's own are no device's, blind or not
    rows = compared(reading, content.measurements) if is_open else []
    runs += _of_device(rows)
    return tuple(runs)


def _spread(own: Mapping[str, Measurement]) -> Iterator[TextRun]:
    """Yield the shortest and the longest RR, beside the rate that says nothing of them."""
    low, high = own.get("RR min"), own.get("RR max")
    if low is not None and high is not None and None not in (low.value, high.value):
        yield TextRun(f"RR: {number(low)} to {number(high)} {high.unit} ({low.source})", LINE_MM)


def _measured(entry: Entry, said: set[str]) -> TextRun:
    """Return one place of the block with source and what must not be overlooked; each reason is said once."""
    title = entry.values[0].name if len(entry.values) == 1 else entry.title
    if all(one.value is None for one in entry.values):
        reason = "" if entry.why in said else entry.why
        said.add(entry.why)
        return TextRun(f"{title}: not measured" + (f" ({reason})" if reason else ""), LINE_MM)
    words = [words for one in entry.values if (words := in_words(one).partition(" (")[0])]
    if any(one.confidence == "low" for one in entry.values):
        words.append("uncertain")
    if any(one.value is None for one in entry.values) and entry.why:
        words.append(entry.why)
    sources = dict.fromkeys(source(one) for one in entry.values if one.value is not None)
    text = " ".join((entry.text, ", ".join(words))).strip()
    is_bold = len(words) > sum(map(block.is_quiet, entry.values))
    return TextRun(f"{title}: {text} ({'; '.join(sources)})", LINE_MM, bold=is_bold)


def _how(measured: Measured, noted: set[str]) -> Iterator[str]:
    """Yield who found the waves, and doubts about them that stand nowhere else on the page."""
    if measured.model is not None:
        model, n_leads = measured.model, counted(len(measured.leads), "lead")
        yield f"Waves found by {model.name} {model.version} in {n_leads}"
    yield from (warning for warning in measured.warnings if warning not in noted)


def _of_device(rows: Sequence[Compared]) -> Iterator[TextRun]:
    """Yield the device's values as carts print them: axes in one line, and so the corrected QT by each formula."""
    axes = [row for row in rows if row.unit == "deg"]
    corrected = [row for row in rows if row.name.startswith("QTc")]
    for row in rows:
        if row in axes or row in corrected:
            continue
        beside = ""
        if row.differs:
            beside = f"; differs from ecgview {VERSION}'s" if row.version else "; differs from ecgview's"
        tone: Tone = "caution" if row.differs else "text"
        yield TextRun(f"{row.name}: {row.text} ({row.by}{beside})", LINE_MM, tone=tone)
    if corrected:
        values = ", ".join(f"{row.name} {row.value:g}" for row in corrected)
        yield TextRun(f"{values} {corrected[0].unit} ({corrected[0].by})", LINE_MM)
    if axes:
        names = "/".join(row.name.removesuffix(" axis") for row in axes)
        yield TextRun(f"{names} axis: {' / '.join(row.text for row in axes)} ({axes[0].by})", LINE_MM)


def read_heading(content: ReportContent) -> Runs:
    """Return the heading of the read: its state, who read it and when, blind or not, whether AI had been open."""
    tone: Tone = "text" if content.is_signed else "caution"
    first = TextRun(f"RESEARCH READ: {content.read_state}", 4.2, bold=True, tone=tone, with_next=True)
    facts = TextRun(content.read_facts, LINE_MM, gap_mm=1.2)
    return (
        (first, TextRun(content.later, LINE_MM, tone="caution"), facts) if content.later else (first, facts)
    )


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
    runs += [TextRun(f"Measured by hand: {one.words}", SMALL_MM) for one in draft.edges]
    for place, mark in enumerate(draft.annotations, 1):
        leads = " ".join(mark.leads) or "all leads"
        when = (
            f"{mark.start_s:.2f} s"
            if mark.start_s == mark.end_s
            else f"{mark.start_s:.2f}-{mark.end_s:.2f} s"
        )
        runs.append(TextRun(f"Mark {place}: {leads}, {when}: {mark.title or 'without text'}", SMALL_MM))
    if content.signed_head:
        number, _, digest = content.signed_head.partition(":")
        whole = f"Head of the log: {number}:{digest[:32]} {digest[32:]}"  # one word would have no room
        runs.append(TextRun(whole, SMALL_MM, tone="faint"))
    return tuple(runs)


def critical(content: ReportContent) -> Runs:
    """Return what must not be missed, with its numbers, and whom the reader told of it (W6); ecgview tells nobody."""
    found = content.critical
    if not found:
        return ()
    names = "; ".join(f"{one.name} ({one.evidence})" for one in found)
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
        runs.append(TextRun(f"{name} ({one.evidence}{doubt})", SMALL_MM))
    open_ones = sum(one.state == "not measurable" for one in content.criteria)
    rest = f"{len(content.criteria)} asked, {open_ones} not measurable"
    if content.critical:  # with their numbers in the flag; a heading over nothing would read as none met
        names = "; ".join(one.name for one in content.critical)
        runs.insert(1, TextRun(f"Critical, named above: {names}", SMALL_MM, bold=True))
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
        by = "a reader, in the file"
        if item.by == "machine":
            by = f"ecgview {reading.ecgview}" if item.text.startswith("Measured by ecgview") else "device"
        runs.append(TextRun(f"{item.text} ({by})", LINE_MM))
    return tuple(runs)
