"""The Python API: one function per command. Models and plots are loaded when first asked for.

What models answer is recalled from a `memory` and kept there (`models.asking`); None = the last ones of this process.
Two commands need the window and stand above this room: `ecgview.open_window` and `ecgview.screenshot`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ecgview import formats
from ecgview.errors import ModelError, NotAnalysed, ReportError
from ecgview.models import context
from ecgview.models.cards import ModelCard
from ecgview.paper import time_span
from ecgview.progress import Progress, silent
from ecgview.record import PART, EcgRecord, ImportNote
from ecgview.results import (
    Attribution,
    Fill,
    Hidden,
    Identification,
    LefResult,
    Prediction,
    Reconstruction,
    Stamp,
    WhatIf,
)
from ecgview.signal.pacing import Pacing

if TYPE_CHECKING:
    from ecgview.explain import Explanation
    from ecgview.models.asking import Memory
    from ecgview.models.delineation import Delineation
    from ecgview.report.content import OnTrace
    from ecgview.report.convert import Converted
    from ecgview.signal import measurements
    from ecgview.signal.criteria.criterion import Criterion
    from ecgview.signal.measure.measured import Edit, Measured, TEnd

PathLike = str | Path
NOT_ANALYSED = (
    "without AI results, not analysed"  # what `report` tells on the way of a record that is refused
)


def open_ecg(path: PathLike) -> EcgRecord:
    """Return the record in a file of any known format: (leads, samples) float32 mV, standard lead order.

    Raises:
        FormatError: the file cannot be read; the message names the file and the field.
    """
    return formats.read(path)


def info(path: PathLike, *, whole: bool = False) -> dict[str, Any]:
    """Return what a file holds, as plain values: format, leads, rate, duration, patient, acquisition, warnings.

    What the device, or a reader before, wrote into the file stands under `device`; `measured_by` says whose it is, and
    `ecgview` the version where ecgview itself wrote it. `samples` is what the samples say
    to any model: `reason`, why none is asked about the record, "" where one may be; `faults`, such a reason by lead;
    `warnings`, what stands beside every answer and is no note of the file. Of an archive it is the list of its
    records, `members`, each a path that every function takes.

    Of a recording of ten minutes and more in a format that can be read in part (WFDB, EDF, ISHNE) only the first ten
    seconds are read: `looked_at_s` says how many seconds were, a warning of the kind `part` that the others are of
    these alone, and `sha256` is None, for it is of all samples. `whole` reads all.

    Raises:
        FormatError: the file cannot be read.
    """
    from ecgview.report.json_report import plain, samples

    if inside := formats.members(path):
        return {"path": str(path), "format": "archive", "members": [str(one) for one in inside]}
    part = None if whole else formats.beginning(path)
    record, n_samples = (part.record, part.n_samples) if part else _whole(path)
    seconds, notes = n_samples / record.sampling_rate_hz, list(record.notes)
    if part:
        text = f"only the first {record.seconds:g} s of {time_span.words(seconds)} were looked at"
        notes.append(ImportNote(PART, f"{text}: warnings are of these alone, and there is no checksum"))
    written, median = record.device_reading, record.device_reading.median
    return {
        "path": str(path),
        "format": record.source.format,
        "fs_hz": record.sampling_rate_hz,
        "n_leads": len(record.lead_names),
        "lead_names": list(record.lead_names),
        "missing_leads": list(record.missing_leads),
        "n_samples": n_samples,
        "duration_s": seconds,
        "looked_at_s": record.seconds,
        "synthetic": record.synthetic,
        "sha256": None if part else record.source.sha256,
        "patient": plain(record.patient),
        "acquisition": plain(record.acquisition),
        "device": {
            "measured_by": written.whose,
            "ecgview": written.ecgview,
            "computed": written.is_computed,
            "measurements": plain(written.measurements),
            "statements": plain(written.statements),
            "median_beat_leads": list(median.lead_names) if median else [],
            "n_qrs": len(written.qrs_s),
        },
        "warnings": [plain(note) for note in notes],
        "samples": samples(record),
    }


def _whole(path: PathLike) -> tuple[EcgRecord, int]:
    record = formats.read(path)
    return record, record.n_samples


def measure(record: EcgRecord | PathLike) -> "tuple[measurements.Measurement, ...]":
    """Return what is measured over all leads, each with unit and source: `measured` without leads, beats and median.

    Heart rate, RR intervals and pacemaker stimuli come first. What could not be measured has no value and says why.
    """
    return measured(record).values


def measured(
    record: EcgRecord | PathLike, edits: Sequence["Edit"] = (), *, t_end: "TEnd" = "network"
) -> "Measured":
    """Return beats with their classes, the median beat, and the measurements of all leads and of each.

    What is no ECG has a reason and no values. `edits` put edges of waves elsewhere; `measured_again` does so without
    asking the network again. `t_end` is how the end of T is found for QT: as the network's experts mark it, by the
    tangent, or by threshold.

    Raises:
        SignalError: an edit names what is not there, or puts an edge where it cannot be: past another, in a wave that
            would be too short, outside of the record. It says which edge and between which places it may be.
    """
    from ecgview.models import measuring

    if not edits and t_end == "network":
        return measuring.recent(_record(record))
    return measuring.measured(_record(record), edits, t_end)


def measured_again(before: "Measured", record: EcgRecord | PathLike, edits: Sequence["Edit"]) -> "Measured":
    """Return measurements after all these edits in place of those before, in milliseconds; none takes them all back.

    Raises:
        SignalError: an edit names what is not there, or puts an edge where it cannot be: past another, in a wave that
            would be too short, outside of the record. It says which edge and between which places it may be.
    """
    from ecgview.signal.measure import engine

    return engine.again(before, _record(record), edits)


def as_if(record: EcgRecord | PathLike, electrodes: str) -> EcgRecord:
    """Return the record as if two limb electrodes had been on each other's places, for looking at alone.

    `electrodes` is "right and left arm", "right arm and left leg" or "left arm and left leg"; the last exchange can
    hardly be told from an ECG. The file is not changed, and a note says what the record is.

    Raises:
        SignalError: no such exchange, or leads that it needs are not recorded.
    """
    from ecgview.signal import limb_leads

    return limb_leads.as_if(_record(record), electrodes)


def measure_table(
    sources: Iterable[PathLike],
    output: PathLike,
    *,
    t_end: "TEnd" = "network",
    choices: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write a CSV table with the measurements of each ECG of files and folders, a row each; resumed after a stop.

    Returns its counts. What cannot be read or measured is a row that says why. `workers` processes of one thread
    measure, one for each core when None: a script that calls this keeps its own work under
    `if __name__ == "__main__"`.

    Raises:
        FormatError: a source does not exist.
        ReportError: there are no ECG files, another table was begun at this place, or it cannot be written.
    """
    from ecgview.models import measure_table as table

    return table.write(list(sources), Path(output), t_end, choices, workers=workers, progress=progress)


def criteria(
    record: EcgRecord | PathLike,
    choices: Mapping[str, str] | None = None,
    *,
    measured_as: "Measured | None" = None,
) -> "tuple[Criterion, ...]":
    """Return published criteria, each met, not met, not measurable or not applicable, with the numbers it used.

    No criterion is a diagnosis, and one that is not met excludes nothing. `choices` names the definition of a criterion
    by its code, {"CLBBB": "AHA"}; docs/criteria.md lists them. `measured_as` are the record's measurements, where they
    are there already or were edited.

    Raises:
        EcgviewError: there is no such criterion, or no such definition of it.
    """
    from ecgview.signal import criteria as room
    from ecgview.signal.criteria.criterion import Asked

    opened = _record(record)
    found = measured(opened) if measured_as is None else measured_as
    return room.judge(Asked(opened, found, opened.patient, choices or {}))


def delineate(record: EcgRecord | PathLike, model_id: str | None = None) -> "Delineation":
    """Return onset, peak and offset of P, QRS and T of each beat, per lead and over all leads, in seconds.

    A record that cannot be delineated has no beats and a reason. The default delineator where `model_id` is None.

    Raises:
        ModelError: no such model, or it is no delineator.
    """
    from ecgview.models import delineation

    return delineation.delineate(_record(record), model_id)


def pacing(record: EcgRecord | PathLike) -> Pacing:
    """Return whether pacemaker stimuli are seen in the samples, with their times, and what the file's words say."""
    return context.pacing_of(_record(record))


def classify(
    record: EcgRecord | PathLike,
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
    *,
    precision: str = "fp32",
    memory: "Memory | None" = None,
) -> Prediction:
    """Return a classifier's probabilities with thresholds; the default model when `model_id` is None.

    A record without all twelve leads, or with some that are off, is asked with the best set of leads that the model's
    card knows: `lead_set` and `leads` of the answer name it, and its thresholds and calibration are those of the set.

    `precision` is fp32, or bf16, which is about twice as fast where the processor has it; the answer names what was
    run, and says why where that is not what was asked for.

    Raises:
        ModelError: no such model or device, or a record that the model cannot take.
    """
    from ecgview.models import asking

    return asking.classify(
        _record(record), model_id, device, precision=precision, memory=memory, progress=progress
    )


def lef(
    record: EcgRecord | PathLike,
    model_id: str | None = None,
    classifier_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
    *,
    precision: str = "fp32",
    memory: "Memory | None" = None,
    measured_as: "Measured | None" = None,
) -> LefResult:
    """Return the LEF result: an index or a probability with its exact contributions, or why it is not analysed.

    `precision` is that of the classifiers, as of `classify`. A model that rests on measurements, too, takes those of
    `measured_as`; where edges were put elsewhere it follows them, says so, and `unedited` is the answer of before.
    `lef_again` does so without asking the classifiers again.

    Raises:
        ModelError: no such model, or contributions that do not add up to the output.
    """
    from ecgview.models import asking

    return asking.lef(
        _record(record),
        model_id,
        classifier_id,
        device,
        precision=precision,
        memory=memory,
        measured_as=measured_as,
        progress=progress,
    )


def lef_again(before: LefResult, record: EcgRecord | PathLike, measured_as: "Measured") -> LefResult:
    """Return a LEF result with the measurements as edits left them, in milliseconds; without edits that of before.

    `unedited` is that of the computed measurements. Where a model rests on none that changed it is the one of before.
    """
    from ecgview.models.tabular import lef as tabular

    return tabular.with_edits(before, _record(record), measured_as)


def reconstruct(
    record: EcgRecord | PathLike,
    mask: float | np.ndarray = 0.25,
    seed: int = 0,
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> Reconstruction:
    """Return what the masked autoencoder makes of hidden segments.

    Args:
        record: the ECG or its file.
        mask: share of the segments hidden at random, or (segments,) bool with True = hidden.
        seed: of the random choice.
        model_id: an autoencoder; the default one when None.
        device: auto, cpu, cuda or mps.
        progress: told on the way.

    Raises:
        ModelError: a mask that does not fit, or a record that the model cannot take.
    """
    from ecgview.explain import reconstruction
    from ecgview.models import segments

    if seed < 0:
        raise ModelError("the seed of the mask is negative", expected="0 or more", found=str(seed))
    n = segments.of(segments.autoencoder(model_id)).count
    hidden = reconstruction.random_mask(mask, seed, n) if isinstance(mask, int | float) else mask.astype(bool)
    return reconstruction.explain(_record(record), hidden, model_id, device, progress)[0]


def explain(
    record: EcgRecord | PathLike,
    explanation: str,
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
    *,
    target: str = "",
    memory: "Memory | None" = None,
) -> "Explanation":
    """Return an explanation of a model's answer: the model it needs is asked first.

    Args:
        record: the ECG or its file.
        explanation: its id, one of `ecgview.explain.known()`.
        model_id: a model of the kind that the explanation needs; the default one when None.
        device: auto, cpu, cuda or mps.
        progress: told on the way.
        target: the statement's code or the predictor's name, where the explanation asks for one.
        memory: where answers are recalled from and kept.

    Raises:
        ModelError: no such explanation or model, or why there is none for this record.
    """
    from ecgview import explain as explanations

    opened, needs = _record(record), explanations.named(explanation).NEEDS
    answer: Prediction | LefResult | None = None
    if needs == "classifier":
        answer = classify(opened, model_id, device, progress, memory=memory)
    elif needs == "lef":
        answer = lef(opened, model_id, device=device, progress=progress, memory=memory)
    own = model_id if answer is None else None
    asked = explanations.Asked(answer, own, device, target)
    return explanations.explained(explanation, opened, asked, progress)


def attribute(
    record: EcgRecord | PathLike,
    statement: str = "",
    predictor: str | None = None,
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
    *,
    check: bool = True,
    memory: "Memory | None" = None,
) -> tuple[Attribution, Stamp]:
    """Return where on the trace a number comes from, and what checks on this record say of that map.

    Args:
        record: the ECG or its file.
        statement: the code of a classifier's statement; or, in its place,
        predictor: the name of one of a LEF model's predictors, "" for all of them together.
        model_id: a classifier, or a LEF model where a predictor is asked about; the default one when None.
        device: auto, cpu, cuda or mps.
        progress: told on the way; may cancel.
        check: whether to check the map, which takes seconds; without it the stamp says so.
        memory: where answers are recalled from and kept.

    Raises:
        ModelError: no such model, statement or predictor, a network without gradients, or a record that does not fit.
    """
    from ecgview.explain import attribution, faithfulness, lef_attribution

    if bool(statement) == (predictor is not None):
        raise ModelError(
            "one thing is mapped at a time", expected="a statement's code, or a predictor's name"
        )
    opened = _record(record)
    if predictor is None:
        answer: Prediction | LefResult = classify(opened, model_id, device, memory=memory)
        found = attribution.of_statement(opened, model_id, statement, device, progress)
    else:
        answer = said = lef(opened, model_id, device=device, progress=progress, memory=memory)
        found = lef_attribution.of(opened, said, predictor, device, progress)
    found = _with_doubts(found, answer)  # a map has no answer beside it that would tell them
    if check:
        return found, faithfulness.stamp(opened, found, device, progress)
    left = abs(found.remainder) / abs(found.share) if found.share else None
    return found, Stamp(completeness=left, verdict=found.failed or "not checked")


def _with_doubts(found: Attribution, answer: Prediction | LefResult) -> Attribution:
    return replace(
        found, warnings=answer.warnings, feature_distance_percentile=answer.feature_distance_percentile
    )


def mask_and_ask(
    record: EcgRecord | PathLike,
    hidden: Hidden | str,
    fill: Fill | None = None,
    model_id: str | None = None,
    lef_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
    *,
    n_random: int = 20,
    seed: int = 0,
    memory: "Memory | None" = None,
) -> WhatIf:
    """Return what the models would say if a part of the record were hidden from them, and how that is against chance.

    Args:
        record: the ECG or its file.
        hidden: what is hidden, as data or as text: "2.0-2.4@V1,V2; lead:aVL".
        fill: what stands in hidden stretches, "flat" or "autoencoder"; None = as `hidden` says, a text flat.
        model_id: a classifier, the default one when None.
        lef_id: a LEF model, the default one when None.
        device: auto, cpu, cuda or mps.
        progress: told on the way.
        n_random: how often as much is hidden elsewhere at random; 0 compares with nothing.
        seed: of the random places.
        memory: where answers about the record as it is are recalled from and kept.

    Raises:
        ModelError: a text that cannot be read, a lead or a time that is not there, or a record that the classifier
            cannot take.
    """
    from ecgview.explain import mask_and_ask as asking
    from ecgview.explain import mask_spec

    if n_random < 0 or seed < 0:
        raise ModelError(
            "a number of the comparison with chance is negative",
            expected="n_random and seed of 0 or more",
            found=f"{n_random}, {seed}",
        )
    asked = mask_spec.parse(hidden) if isinstance(hidden, str) else hidden
    if fill is not None:
        if fill not in get_args(Fill):
            raise ModelError("no such fill", expected=" or ".join(get_args(Fill)), found=repr(fill))
        asked = replace(asked, fill=fill)
    ground = asking.ground(_record(record), model_id, lef_id, device=device, memory=memory, progress=progress)
    found = asking.ask(ground, asked, progress)[0]
    if not n_random:
        return found
    return replace(found, chance=asking.chance(ground, asked, n_random, seed, progress))


def report(
    record: EcgRecord | PathLike,
    out: PathLike,
    layout: str = "3x4+1R",
    with_ai: bool = True,
    device: str = "auto",
    progress: Progress = silent,
    *,
    model: str | None = None,
    lef_model: str | None = None,
    precision: str = "fp32",
    deidentify: bool = True,
    memory: "Memory | None" = None,
    on_trace: str | None = None,
    anyway: bool = False,
    criteria_choices: Mapping[str, str] | None = None,
    median_layout: str | None = None,
    median_speed: float = 25.0,
) -> Path:
    """Write a report; the suffix of `out` chooses its form (.pdf or .json). Return the path.

    `model` and `lef_model` name a classifier and a LEF model; the default ones answer where they are None. `precision`
    is that of the answers, as of `classify`; a map is always in fp32.
    `deidentify` leaves out what tells who, where and when; the name of `out` is then the study name on the page.
    `on_trace` is the code of a statement, or "lef": a page shows where on the trace its score comes from, with the
    checks of that map, which take seconds; `anyway` also where no map of it is offered, with the reason.
    `criteria_choices` names definitions of criteria, as `criteria` takes them. `median_layout`, "median 3x4" or "median
    superimposed", asks for a page of the median beats at `median_speed`, 25 or 50 mm/s, with the values of each lead
    on the next; only a PDF has pages.

    AI results are left out, with the reason on stderr of the command, when no model can take the record.

    Raises:
        ReportError: unknown layout or suffix, or a file that cannot be written.
        ModelError: there is no map of `on_trace`, or none is offered.
    """
    from ecgview.models import asking
    from ecgview.paper.settings import PaperSettings
    from ecgview.report import content as contents
    from ecgview.report import form_of

    out = Path(out)
    _check_layouts(layout, median_layout, median_speed, out)
    form = form_of(out)
    opened = _record(record)
    for name in filter(None, (model, lef_model)):
        model_card(name)  # a wrong name is told, not passed over
    said: tuple[Prediction | None, LefResult | None] = None, None
    if with_ai:
        try:
            said = asking.ask(
                opened, model, lef_model, device, precision=precision, memory=memory, progress=progress
            ).both()
        except NotAnalysed as error:
            progress(1.0, f"{NOT_ANALYSED}: {error}")
        except ModelError as error:
            progress(1.0, f"without AI results: {error}")
        if said[0] is not None and not said[0].analysed:
            progress(1.0, f"{NOT_ANALYSED}: {said[0].reason}")
    paper = PaperSettings(layout=layout)
    mapped = None
    if on_trace is not None:
        mapped = _on_trace(opened, on_trace, *said, device, progress, anyway=anyway)
    found = measured(opened)
    content = contents.gather(
        opened,
        measured=found,
        prediction=said[0],
        lef=said[1],
        paper=paper,
        identified=not deidentify,
        study_name=out.stem,
        on_trace=mapped,
        criteria_choices=criteria_choices,
        median_beats=None if median_layout is None else contents.MedianBeats(median_layout, median_speed),
    )
    return form.write(content, out)


def _check_layouts(layout: str, median_layout: str | None, speed_mm_per_s: float, out: Path) -> None:
    from ecgview.paper.layout import LAYOUTS

    of_rhythm = [name for name, one in LAYOUTS.items() if not one.of_median]
    if layout not in of_rhythm:
        raise ReportError(f"unknown layout {layout!r}", expected=", ".join(of_rhythm))
    if median_layout is None:
        return
    of_median = [name for name in LAYOUTS if name not in of_rhythm]
    if median_layout not in of_median:
        raise ReportError(f"unknown layout of median beats {median_layout!r}", expected=", ".join(of_median))
    if speed_mm_per_s not in (25.0, 50.0):
        raise ReportError(f"speed of median beats {speed_mm_per_s:g} mm/s", expected="25 or 50")
    if out.suffix.lower() != ".pdf":
        raise ReportError(
            "median beats are a page of the PDF report", where=str(out), expected="a file ending in .pdf"
        )


def _on_trace(
    record: EcgRecord,
    target: str,
    prediction: Prediction | None,
    lef: LefResult | None,
    device: str,
    progress: Progress,
    *,
    anyway: bool,
) -> "OnTrace":
    """Return a map with its checks, ready for a report; ModelError says why there is none."""
    from ecgview.explain import attribution, faithfulness, lef_attribution, offered, on_page
    from ecgview.labels import label_set
    from ecgview.report.content import OnTrace

    doubt = ""
    shown: Prediction | LefResult | None = lef if target.lower() == "lef" else prediction
    if target.lower() == "lef":
        if lef is None:
            raise ModelError("there is no LEF result to map", where="on_trace")
        name, found = "low ejection fraction", lef_attribution.of(record, lef, "", device, progress)
    elif prediction is None:
        raise ModelError("there is no prediction to map", where="on_trace")
    elif not prediction.analysed:
        raise NotAnalysed.because(prediction.reason, record.source.path)
    else:
        card = model_card(prediction.model.model_id)
        attribution.output_of(card, target)
        doubt = offered.doubt_of(card, target, anyway=anyway)
        found = attribution.of_statement(record, card.id, target, device, progress)
        name = f"{label_set.name_of(prediction.label_set, target)} ({target})"
    if shown is not None:
        found = _with_doubts(found, shown)
    stamp = faithfulness.stamp(record, found, device, progress)
    verdict = found.failed or stamp.verdict
    laid = on_page.overlay(found, stamp.verdict, doubt)
    said = f"{doubt[:1].upper()}{doubt[1:]}." if doubt else ""
    return OnTrace(name, found.target, found.of, found.model, laid, verdict, said, found, stamp)


def list_models(kind: str | None = None) -> list[ModelCard]:
    """Return the cards of all models, or of one kind: "classifier", "lef", "autoencoder"."""
    from ecgview.models import cards

    return [card for card in cards.available() if kind in (None, card.kind)]


def list_networks() -> tuple[str, ...]:
    """Return the networks that a card can name, our own and those added; none of them is imported for this."""
    from ecgview.models import architectures

    return architectures.known()


def network_faults() -> dict[str, str]:
    """Return why networks of `list_networks` cannot be used, by name; to know it each is imported, torch first."""
    from ecgview.models import architectures

    return architectures.faults()


def model_card(model_id: str) -> ModelCard:
    """Return one model's card: version, checksum, training data, figures, intended use, limits.

    Raises:
        ModelError: there is no model of that name.
    """
    from ecgview.models import cards

    return cards.get(model_id)


def get_model(
    name: str = "ecgfounder",
    leads: int = 12,
    progress: Progress = silent,
    sha256: str = "",
    revision: str = "",
) -> ModelCard:
    """Return the card of a published model after fetching its weights; resumed, checked, converted.

    `sha256` and `revision` pin the file where its card does not.

    Raises:
        ModelError: no such published model, no connection, or a file with another checksum.
    """
    from ecgview.models import checkpoints

    return checkpoints.fetch(name, leads, progress, sha256, revision)


def import_model(
    path: PathLike,
    model_id: str = "",
    progress: Progress = silent,
    accept: Callable[[ModelCard], bool] | None = None,
) -> ModelCard:
    """Return the card of a model made from a checkpoint file; code in the file is never run.

    `accept` is shown the card before anything is written, and says whether the model is taken in.

    Raises:
        ModelError: not a checkpoint, holds more than weights, fits none of the networks, says sizes beyond any ECG
            model's, or was not accepted.
    """
    from ecgview.models import checkpoints

    return checkpoints.import_file(Path(path), model_id, progress, accept)


def identify(
    one: EcgRecord | PathLike,
    two: EcgRecord | PathLike,
    model: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> Identification:
    """Return whether two ECGs may be of one patient: likeness, likelihood ratio, cuts, and on what they rest.

    Raises:
        ModelError: no identifier is here, the records have no lead in common, or it cannot be judged, in words.
    """
    from ecgview.models import identification

    return identification.compare(_record(one), _record(two), model, device, progress)


def train(
    system: str,
    stage: str,
    data: PathLike,
    out: PathLike,
    values: Mapping[str, Any] | None = None,
    *,
    smoke: bool = False,
    cache: PathLike | None = None,
    start: PathLike | None = None,
    export: PathLike | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> Path:
    """Run one stage of a training system and return the folder of the run; a run that is there is resumed.

    Args:
        system: "mtecg", "wav2vec", "posttrain", "kernels", or what was added; see `ecgview train --help`.
        stage: "pretrain", "finetune", ...; "" where the system has but one.
        data: a data set in any known layout, or the folder above some.
        out: folder of the run: weights and log.csv.
        values: what differs from the recipe's defaults, by name.
        smoke: a run of a minute or two, to see that all works.
        cache: packed ECGs; a folder beside `out` when None.
        start: the run's folder or the model to go on from; None trains from scratch.
        export: folder for the finished model, weights and card.
        device: auto, cpu, cuda or mps.
        progress: told per step.

    Raises:
        ModelError: an unknown stage, a value that the recipe does not know, or a start or an export that the stage has
            not.
        FormatError: no known data set at `data`.
    """
    from ecgview.training import stages
    from ecgview.training.places import Places

    def path(value: PathLike | None) -> Path | None:
        return None if value is None else Path(value)

    kept = path(cache) or Path(out).parent / "cache"
    places = Places(Path(data), Path(out), kept, path(start), device, progress)
    stages.run(system, stage, places, values or {}, smoke, path(export))
    return places.out


def read_key(path: PathLike, passphrase: str = "") -> list[tuple[str, ...]]:
    """Return which new file of an export was which, (file, source), from its key.

    Raises:
        ReportError: it is no key, was changed, or the passphrase is another.
    """
    from ecgview.report import key_table

    there = Path(path)
    return key_table.read(there, "" if key_table.is_plain(there) else key_table.given(passphrase))


def protect_key(path: PathLike, passphrase: str = "") -> bool:
    """Put a key of before, which anybody can read, under a passphrase; return whether it was such a one.

    Raises:
        ReportError: it is no key, or cannot be written.
    """
    from ecgview.report import key_table

    return key_table.migrate(Path(path), key_table.given(passphrase))


def evaluate(
    model_id: str, data: PathLike, cache: PathLike, split: str = "test", **options: Any
) -> dict[str, Any]:
    """Return a model's figures on one PTB-XL split with intervals; see `ecgview.training.evaluation`."""
    from ecgview.training import evaluation

    return evaluation.evaluate(model_id, Path(data), Path(cache), split, **options)


def convert(
    sources: Iterable[PathLike],
    out: PathLike,
    to: str = "",
    *,
    deidentify: bool = True,
    overwrite: bool = False,
    measurements: bool = False,
    edits: Sequence["Edit"] = (),
    key: PathLike | None = None,
    passphrase: str = "",
    progress: Progress = silent,
) -> "list[Converted]":
    """Write records in another format; return what became of each, with what the format lost.

    Args:
        sources: files, folders, patterns or archives of any known format.
        out: a file, whose suffix chooses the format, or a folder.
        to: the format as a suffix (dcm, scp, xml, edf, hea, csv, npz) when `out` is a folder.
        deidentify: drop what tells who, where and when, and name files anew (`ecg-00001`); a single file keeps the
            name in `out`.
        overwrite: replace files that are there.
        measurements: write ecgview's own measurements, said to be so, in the place of the device's; for WFDB also P,
            QRS and T of each beat as an annotation file (annotator "waves").
        edits: of edges, laid on the measurements of a single file, which says so and, if not de-identified, by whom.
        key: a table of which new file was which, written outside the export under `passphrase`.
        passphrase: of the key; "" takes that of the environment (`report.key_table`).
        progress: told per file; may cancel.

    Raises:
        FormatError: a source does not exist.
        ReportError: no such format, several records for one file, or a folder or key that cannot be written.
    """
    from ecgview.report import convert as conversion

    target = Path(out)
    if to:
        order = conversion.Order(target, to, "", deidentify, overwrite, measurements, tuple(edits))
    else:
        order = conversion.Order(
            target.parent, target.suffix, target.stem, deidentify, overwrite, measurements, tuple(edits)
        )
    there = None if key is None else Path(key)
    return list(conversion.convert(list(sources), order, progress, there, passphrase))


def list_records(paths: Iterable[PathLike]) -> list[Path]:
    """Return one path per record for files, folders and patterns; nothing is read."""
    return formats.list_records(list(paths))


def _record(record: EcgRecord | PathLike) -> EcgRecord:
    return record if isinstance(record, EcgRecord) else formats.read(record)


def score(
    folder: PathLike,
    output: PathLike,
    model: str | None = None,
    lef: str = "",
    device: str = "auto",
    *,
    per_part: int = 64,
    workers: int | None = None,
    precision: str = "fp32",
    on_ray: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write a Parquet table with one row per ECG below a folder, and return its counts; resumed after a stop.

    `workers` processes of one thread read and score, one for each core when None: a script that calls this keeps its
    own work under `if __name__ == "__main__"`. `precision` is fp32, or bf16 where it may be used.

    Raises:
        ModelError: no such model, another table was begun at this place, or a process was killed.
        ReportError: pyarrow is missing, there are no ECG files, or the table cannot be written.
    """
    from ecgview.models import archive

    spread = None
    if on_ray:
        from ecgview.models.archive_ray import on_ray as spread  # type: ignore[assignment]
    out = archive.score(
        Path(folder),
        Path(output),
        model,
        lef,
        device,
        per_part=per_part,
        workers=workers,
        precision=precision,
        progress=progress,
        spread=spread,
    )
    import pyarrow.parquet as pq

    errors, facts = pq.read_table(out, columns=["error"])["error"], pq.read_schema(out).metadata
    return {
        "output": str(out),
        "n_rows": len(errors),
        "n_errors": len(errors) - errors.null_count,
        "precision": facts[b"precision"].decode(),
        "precision_note": facts.get(b"precision_note", b"").decode(),
    }
