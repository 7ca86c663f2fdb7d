"""Whether two ECGs are of one patient: what is refused in words, what stands beside an answer, which leads are used."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview import api, formats, resources
from ecgview.cli import main
from ecgview.errors import ModelError, NotAnalysed
from ecgview.formats import wfdb
from ecgview.models import cards, measuring, same_patient
from ecgview.models.cards import ModelCard
from ecgview.record import GAIN, EcgRecord, ImportNote
from ecgview.signal.measure.measured import Measured

Pair = tuple[EcgRecord, Measured]


@pytest.fixture(scope="module")
def card() -> ModelCard:
    """Return the identifier that answers where none is named."""
    return cards.default("identifier")


@pytest.fixture(scope="module")
def pair() -> Pair:
    """Return a synthetic ECG with what is measured of it."""
    record = formats.read(resources.path("demo", "normal.hea"))
    return record, measuring.measured(record)


@pytest.fixture(scope="module")
def other() -> Pair:
    """Return one of another heart, of the same conduction."""
    record = formats.read(resources.path("demo", "anterior_mi.hea"))
    return record, measuring.measured(record)


def _few(pair: Pair) -> Pair:
    record, measured = pair
    assert measured.median is not None
    return record, replace(measured, median=replace(measured.median, n_beats=2))


def _gain(pair: Pair) -> Pair:
    return replace(pair[0], notes=(*pair[0].notes, ImportNote(GAIN, "1000 per mV assumed"))), pair[1]


def _paced(pair: Pair) -> Pair:
    reading = replace(pair[0].device_reading, statements=(_statement(),))
    return replace(pair[0], device_reading=reading), pair[1]


def _statement() -> object:
    from ecgview.record import DeviceStatement

    return DeviceStatement("Ventricular paced rhythm")


def _exchanged(pair: Pair) -> Pair:
    told = "limb electrodes perhaps exchanged: right and left arm"
    return pair[0], replace(pair[1], warnings=(*pair[1].warnings, told))


def _what_if(pair: Pair) -> Pair:
    from ecgview.signal import limb_leads

    return limb_leads.as_if(pair[0], "right and left arm"), pair[1]


def _unmeasured(pair: Pair) -> Pair:
    return pair[0], Measured((), {}, reason="no beats found: noise")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_few, "only 2 beats of one kind"),
        (_gain, "1000 per mV assumed"),
        (_paced, "paced rhythm"),
        (_exchanged, "limb electrodes perhaps exchanged"),
        (_what_if, "not the recording"),
        (_unmeasured, "no beats found: noise"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_words_and_says_which_recording(
    spoil: Callable[[Pair], Pair], words: str, card: ModelCard, pair: Pair, other: Pair
) -> None:
    for one, two, which in ((spoil(pair), other, "first"), (other, spoil(pair), "second")):
        with pytest.raises(NotAnalysed, match=f"not analysed: {which} recording: .*{words}"):
            same_patient.compare(card, one, two)
    assert same_patient.compare(card, pair, other).known is not None  # unspoilt, it answers


def test_a_block_that_came_is_refused(card: ModelCard, pair: Pair) -> None:
    block = formats.read(resources.path("demo", "lbbb.hea"))
    with pytest.raises(NotAnalysed, match="conduction has changed, or they are of two patients"):
        same_patient.compare(card, pair, (block, measuring.measured(block)))


def test_leads_that_both_have_decide(card: ModelCard, pair: Pair, other: Pair) -> None:
    def only(kept: Pair, *names: str) -> Pair:
        assert kept[1].median is not None
        rows = [kept[1].median.lead_names.index(name) for name in names]
        median = replace(kept[1].median, signal=kept[1].median.signal[rows], lead_names=names)
        return kept[0], replace(kept[1], median=median)

    whole = same_patient.compare(card, pair, other)
    assert len(whole.leads) == 12
    eight = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
    assert same_patient.compare(card, only(pair, *eight), other).cosine == pytest.approx(
        whole.cosine, abs=1e-3
    )
    one = same_patient.compare(card, only(pair, "V5"), other)
    assert (one.leads, one.n_impostor > 1000) == (("V5",), True)
    assert one.equal_error_rate > whole.equal_error_rate
    two = same_patient.compare(card, only(pair, "II", "V5"), other)
    sets = {found.population.leads: found.auroc for found in same_patient.of_card(card)}
    assert sets[two.leads] == max(sets[("II",)], sets[("V5",)], sets[("II", "V5")])
    with pytest.raises(NotAnalysed, match="no standard lead with a signal in common"):
        same_patient.compare(card, only(pair, "V5"), only(other, "V1"))


def test_the_ratio_never_says_more_than_the_pairs_support_and_follows_the_correlation(
    card: ModelCard,
) -> None:
    for found in same_patient.of_card(card):
        said = [found.log10_likelihood_ratio(c) for c in np.linspace(-1, 1, 41)]
        assert found.lowest <= min(said)
        assert max(said) <= found.highest
        assert said == sorted(said)
        assert found.lowest >= -np.log10(found.known.n_patients + 1) - 1e-6
        assert found.highest <= np.log10(found.known.n_strangers / 2 + 1) + 1e-6
        assert found.threshold_two < found.threshold
        # at the cut the wrong kind is rarer than one in a hundred, and its upper bound is, too
        assert found.known.false_match.value <= 0.01
        assert found.known.false_alarm.high > found.known.false_alarm.value


def test_the_same_recording_twice_proves_nothing(card: ModelCard, pair: Pair) -> None:
    assert "says nothing" in same_patient.compare(card, pair, pair).warnings[0]


def test_the_command_says_model_data_and_upper_bounds(
    pair: Pair, other: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(wfdb.write(one[0], tmp_path / name)) for name, one in (("a", pair), ("b", other))]
    assert main(["identify", *files]) == 0
    said = capsys.readouterr().out
    for word in ("median-beat 1.0", "PTB-XL", "95 % upper bound", "no probability", "like one patient from"):
        assert word in said
    assert main(["identify", *files, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = api.identify(*files)
    assert told["verdict"] == found.verdict
    assert told["known_pairs"]["false_alarm"]["high"] == found.known.false_alarm.high
    assert told["log10_likelihood_ratio_range"] == list(found.likelihood_range)
    assert told["cosine"] == found.cosine


@pytest.mark.parametrize("damage", ["cut", "none", "sizes", "weights"])
def test_damaged_files_are_named(damage: str, card: ModelCard, isolated_home: Path) -> None:
    folder = cards.user_folder() / "broken"
    shutil.copytree(card.folder, folder)
    raw = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(raw | {"id": "broken"}), encoding="utf-8")
    path = folder / same_patient.VERIFICATION
    kept = json.loads(path.read_text(encoding="utf-8"))
    if damage == "cut":
        path.write_text(path.read_text(encoding="utf-8")[:500], encoding="utf-8")
    elif damage == "none":
        path.unlink()
    elif damage == "sizes":
        kept["sets"][0]["leads"] = ["I", "X"]
        path.write_text(json.dumps(kept), encoding="utf-8")
    else:
        (folder / "population.safetensors").write_bytes(b"0")
    with pytest.raises(ModelError):
        same_patient.of_card(cards.get("broken"))


def test_known_patients_are_told_apart(shared_data: Path, card: ModelCard) -> None:
    """Two ECGs each of three patients of the training folds, real ones: own pairs above, all others below."""
    folder = shared_data / "ptbxl" / "records500" / "00000"
    owners = {"00055": "a", "00056": "a", "00202": "b", "00227": "b", "00459": "c", "00460": "c"}
    read = {name: formats.read(folder / f"{name}_hr.hea") for name in owners}
    beats = {name: (record, measuring.measured(record)) for name, record in read.items()}
    for first in owners:
        for second in owners:
            if first < second:
                found = same_patient.compare(card, beats[first], beats[second])
                assert found.is_same == (owners[first] == owners[second]), (first, second, found.cosine)
