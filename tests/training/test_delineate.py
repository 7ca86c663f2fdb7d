"""Learning waves: marks, crops, a tiny network on beats made here, the command, the finished card."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview.cli import main
from ecgview.leads import STANDARD_12
from ecgview.models import cards, delineation
from ecgview.models.networks.wave_unet import WaveUnet, WaveUnetConfig
from ecgview.record import EcgRecord, Source
from ecgview.signal.measure import intervals
from ecgview.training.data import crops, delineated
from ecgview.training.data.delineated import UNKNOWN, Mark, Marked
from ecgview.training.data.unmarked import Unmarked
from ecgview.training.evaluation import waves as evaluation
from ecgview.training.stages import delineate

# Seconds from the R peak.
P, QRS, T = (-0.20, -0.10), (-0.05, 0.05), (0.20, 0.38)


def marked(name: str, rr_s: float, *, with_p: bool = True, seed: int = 0) -> Marked:
    """Return twelve leads of 10 s: smooth waves whose edges are known, a little noise."""
    fs = 500.0
    times = np.arange(5000) / fs
    generator = np.random.default_rng(seed)
    signal, marks = generator.normal(0, 0.005, (12, 5000)).astype(np.float32), []
    # Each lead sees each wave in its own way: leads of one shape are no ECG.
    gains = {
        kind: generator.uniform(0.5, 1.5, 12) * generator.choice([-1, 1], 12) for kind in ("P", "QRS", "T")
    }
    for beat in np.arange(0.5, 9.4, rr_s):
        for kind, (start, stop), height in (("P", P, 0.15), ("QRS", QRS, 1.0), ("T", T, 0.3)):
            if kind == "P" and not with_p:
                continue
            inside = (times >= beat + start) & (times <= beat + stop)
            signal[:, inside] += height * gains[kind][:, None] * np.hanning(inside.sum())
            marks.append(Mark(kind, beat + start, beat + (start + stop) / 2, beat + stop))  # type: ignore[arg-type]
    record = EcgRecord(
        signal=signal, lead_names=STANDARD_12, sampling_rate_hz=fs, source=Source("", "test", "")
    )
    return Marked(name, "other", record, dict.fromkeys(STANDARD_12, tuple(marks)))


def test_classes_are_unknown_outside_the_marked_span_and_around_half_a_wave() -> None:
    marks = (Mark("P", 1.0, 1.05, 1.1), Mark("QRS", 1.2, 1.25, 1.3), Mark("T", None, 1.6, 1.7))
    found = delineated.classes(marks, 500, 250.0)
    assert (found[:250] == UNKNOWN).all()
    assert set(found[250:276]) == {1}
    assert set(found[300:326]) == {2}
    assert set(found[326:387]) == {0}
    assert (found[400:] == UNKNOWN).all()


def test_shares_make_one_where_known_and_a_border_is_between_its_classes() -> None:
    classes = np.array([[UNKNOWN] * 5 + [0] * 10 + [1] * 10 + [0] * 10 + [UNKNOWN] * 5])
    hard, soft = (crops.shares_of(classes, 4, size)[0].astype(float) for size in (0, 2))
    assert (hard.argmax(0)[5:35] == classes[0, 5:35]).all()
    assert set(np.unique(hard)) == {0.0, 1.0}
    assert soft[:, 5:35].sum(0) == pytest.approx(1, abs=0.002)
    assert not soft[:, :5].any()
    assert not soft[:, 35:].any()
    assert (soft.argmax(0)[5:35] == classes[0, 5:35]).all()  # the border stays where it was
    assert soft[1, 14] == pytest.approx(1 - soft[1, 15], abs=0.002)
    assert 0.2 < soft[1, 14] < 0.5
    assert soft[0, 5] == 1  # the unknown is not taken for a class


def test_a_stretched_crop_keeps_waves_and_their_shares_together() -> None:
    ready = [delineate.prepared(marked("1", 0.9))]
    still = crops.LeadChanges(0, 0, noisy=0, wandering=0, humming=0, inverted=0, fewer_leads=0, stretch=0.2)
    (batch,) = crops.batches(ready, still, 250.0, 640, 32, iter([(0,)]))
    for rows, shares in zip(batch.signal.numpy(), batch.shares.numpy(), strict=True):
        edges = np.flatnonzero(np.diff((shares.argmax(0) == 2).astype(int)))
        widths = np.diff(edges)[(shares.argmax(0) == 2)[edges[:-1] + 1]] / 250 if len(edges) > 1 else []
        assert all(0.1 * 0.78 < width < 0.1 * 1.25 for width in widths)
        inside, outside = np.abs(rows[0][shares[2] > 0.9]), np.abs(rows[0][shares[0] > 0.9])
        assert inside.max() > 5 * outside.mean()


def test_averaged_weights_lie_between_those_that_were_averaged() -> None:
    torch.manual_seed(0)
    one = WaveUnet(WaveUnetConfig(widths=(8, 8)))
    two = WaveUnet(WaveUnetConfig(widths=(8, 8)))
    mean = delineate.averaged([one, two]).state_dict()
    for name, value in one.state_dict().items():
        assert torch.allclose(mean[name].float(), (value + two.state_dict()[name]).float() / 2)


@pytest.mark.parametrize(
    ("conduction", "expected"),
    [
        ("Incomplete right bundle branch block", "other"),
        ("Complete left bundle branch block", "blocks"),
        ("I degree AV block\nIncomplete right bundle branch block", "blocks"),
        ("Left anterior hemiblock", "other"),
        ("III degree AV-block", "blocks"),
    ],
)
def test_groups_follow_the_table(conduction: str, expected: str) -> None:
    row = {"Rhythms": "Sinus rhythm", "Conduction abnormalities": conduction, "Cardiac pacing": ""}
    assert delineated.group(row) == expected
    assert delineated.group(row | {"Rhythms": "Atrial fibrillation"}) == "AF"
    assert delineated.group(row | {"Cardiac pacing": "Unipolar"}) == "paced"


def test_rhythms_follow_the_table() -> None:
    row = {"Rhythms": "Atrial flutter, typical\nAberrant conduction", "Cardiac pacing": ""}
    assert delineated.rhythm(row) == "atrial flutter"
    assert delineated.rhythm({"Rhythms": "Sinus rhythm"}) == "sinus rhythm"
    assert delineated.rhythm(row | {"Cardiac pacing": "P-synchrony"}) == "paced"
    assert delineated.rhythm({}) == ""


def test_folds_hold_some_of_each_group_and_every_record_once() -> None:
    one = marked("1", 0.9)
    records = [replace(one, name=str(k), group=delineated.GROUPS[k % 4]) for k in range(40)]
    fold = delineated.folds(records)
    for name in delineated.GROUPS:
        own = [int(f) for f, record in zip(fold, records, strict=True) if record.group == name]
        assert sorted(own) == sorted([0, 1, 2, 3, 4] * 2)


def test_the_same_seed_gives_the_same_crops_and_every_crop_is_marked() -> None:
    ready = [delineate.prepared(marked("1", 0.9))]
    first, again, other = (
        next(crops.batches(ready, crops.LeadChanges(), 250.0, 640, 8, iter([(0, 0, step)])))
        for step in (0, 0, 1)
    )
    assert torch.equal(first.signal, again.signal)
    assert not torch.equal(first.signal, other.signal)
    assert first.signal.shape == (8, 2, 640)
    known = first.shares.sum(1)
    assert ((known - 1).abs() < 0.01).any(1).all()


def test_a_folded_network_answers_as_before() -> None:
    torch.manual_seed(0)
    network = WaveUnet(WaveUnetConfig(widths=(8, 8)))
    x = torch.randn(4, 2, 101)
    network.train()
    network(x)  # the norms have seen something
    network.eval()
    with torch.no_grad():
        assert torch.allclose(network(x), network.folded()(x), atol=1e-5)
        pair = delineate.joined([network, network])
        assert torch.allclose(torch.softmax(pair(x), 1), torch.softmax(network(x), 1), atol=1e-5)
    assert pair(x).shape == (4, 4, 101)


def test_a_tiny_network_learns_waves_whose_edges_are_known(tmp_path: Path) -> None:
    records = [marked(str(k), 0.7 + 0.07 * k, with_p=k % 3 != 0, seed=k) for k in range(6)]
    recipe = delineate.DelineateRecipe(epochs=2, steps=60, batch=12, widths=(8, 12, 16), precision="fp32")
    learnt = delineate.learn(recipe, records, tmp_path / "run", device="cpu")
    delineate.export(learnt, recipe, cards.user_folder() / "tiny-waves")
    for one in (marked("new", 0.83, seed=9), marked("no P", 0.83, with_p=False, seed=10)):
        found = delineation.delineate(one.record, "tiny-waves")
        assert found.reason == ""
        outcome = evaluation.compare(evaluation.marked_beats(one.marks), found.beats)
        assert outcome.missed == outcome.false == 0
        assert outcome.p_found == outcome.p_marked
        wrong = {name: value for name, value in outcome.difference.items() if abs(value) > 30}
        assert wrong == {}
    assert intervals.of(found.beats).rate_bpm == pytest.approx(60 / 0.83, abs=0.5)
    assert found.model.model_id == "tiny-waves"


def test_the_second_pass_takes_the_teachers_marks_but_no_p_in_fibrillation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = [marked(str(k), 0.8, seed=k) for k in range(5)]
    more = [Unmarked(marked("a", 0.9).record, no_p=False), Unmarked(marked("b", 0.9).record, no_p=True)]
    seen: list[list[crops.Lead12]] = []
    batches = crops.batches

    def watched(records, changes, fs_hz, size, batch, seeds, others, of_others):  # type: ignore[no-untyped-def]
        seen.append(list(others))
        return batches(records, changes, fs_hz, size, batch, seeds, others, of_others)

    monkeypatch.setattr(delineate.crops, "batches", watched)
    recipe = delineate.DelineateRecipe(epochs=1, steps=3, batch=4, widths=(8, 8), precision="fp32")
    recipe = replace(recipe, further=replace(recipe.further, epochs=1, seeds=(100, 101)))
    learnt = delineate.learn(recipe, marks, tmp_path / "run", more, device="cpu")
    assert [len(one) for one in seen] == [0, 2, 2]
    with_p, without = seen[1]
    assert with_p.shares[:, 1].any()
    assert not without.shares[:, 1].any()
    assert with_p.shares.sum(1) == pytest.approx(1, abs=0.01)
    assert without.shares.sum(1) == pytest.approx(1, abs=0.01)
    assert (learnt.n_train, learnt.n_unmarked) == (5, 2)
    for name in ("seed-0", "seed-0-further-100", "seed-0-further-101"):
        assert (tmp_path / "run" / name / "log.csv").is_file()
    again = delineate.learn(recipe, marks, tmp_path / "run", more, device="cpu")  # taken up where it ended
    for one, two in zip(learnt.networks[0].parameters(), again.networks[0].parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_beat_without_edges_is_a_beat_and_has_no_interval() -> None:
    beats = evaluation.marked_beats({"II": (Mark("QRS", None, 1.0, None), Mark("QRS", None, 2.0, None))})
    truth = evaluation.marked_beats({"II": (Mark("QRS", 0.95, 1.0, 1.05), Mark("QRS", 1.95, 2.0, 2.05))})
    outcome = evaluation.compare(truth, beats)
    assert (outcome.n_beats, outcome.missed, outcome.false) == (2, 0, 0)
    assert np.isnan(outcome.difference["QRS"])
    half = evaluation.marked_beats({"II": (Mark("QRS", None, 1.0, None), Mark("QRS", 1.9, 2.0, 2.1))})
    assert evaluation.compare(truth, half).difference["QRS"] == pytest.approx(100)


def test_third_lead_from_outside_stands_for_all() -> None:
    leads = {
        name: (Mark("QRS", 1.0 - 0.01 * k, 1.05, 1.1 + 0.01 * k), Mark("QRS", 2.0, 2.05, 2.1))
        for k, name in enumerate(STANDARD_12)
    }
    first, second = evaluation.marked_beats(leads)
    qrs = first.overall["QRS"]
    assert qrs is not None
    assert (qrs.onset_s, qrs.offset_s) == (pytest.approx(0.91), pytest.approx(1.19))
    outcome = evaluation.compare((first, second), (first,))
    assert (outcome.n_beats, outcome.missed, outcome.false) == (2, 1, 0)


def test_the_command_runs_on_real_marks(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = cards.user_folder() / "tiny"
    words = [
        "train",
        "delineate",
        "--data",
        str(shared_data / "ludb"),
        "--out",
        str(tmp_path / "run"),
        "--smoke",
    ]
    assert main([*words, "--device", "cpu", "--export", str(model)]) == 0, capsys.readouterr().err
    card = cards.get("tiny")
    assert card.kind == "delineator"
    assert "LUDB" in card.training_data
    assert "8 twelve-lead records" in card.training_data
    assert (tmp_path / "run/seed-0/log.csv").is_file()


def test_a_folder_without_ludb_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "delineate", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main(words) == 1
    assert "no LUDB here" in capsys.readouterr().err
