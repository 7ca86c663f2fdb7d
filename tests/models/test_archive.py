"""A scored archive: a row per file, the same table however often it was killed."""

import json
import random
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from killing import Victim

from ecgview import api, formats
from ecgview.cli import main
from ecgview.errors import ModelError, ReportError
from ecgview.formats import wfdb
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord

PER_PART = 2


@pytest.fixture
def archive_folder(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    """Return a folder with 50 records in two folders, one too short, one that is no ECG (synthetic)."""
    rng = np.random.default_rng(0)
    for number in range(48):
        folder = tmp_path / "archive" / f"ward{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        signal = pulse_record.signal * (0.5 + number / 48)
        noise = 0.01 * rng.standard_normal(signal.shape)
        wfdb.write(pulse_record.with_signal((signal + noise).astype(np.float32)), folder / f"r{number:02d}")
    short = pulse_record.with_signal(pulse_record.signal[:, :2000])
    wfdb.write(short, tmp_path / "archive" / "short")
    (tmp_path / "archive" / "broken.hea").write_text("nothing of an ECG\n")
    return tmp_path / "archive"


@pytest.mark.parametrize("kills", [6, pytest.param(20, marks=pytest.mark.long)])
def test_kills_give_the_same_table(kills: int, archive_folder: Path, tmp_path: Path) -> None:
    """SIGKILL at any call: while reading, scoring, writing a part, joining the parts.

    Twenty of them: pytest -m long tests/models/test_archive.py
    """
    for path in archive_folder.glob("ward*/r[1-4]*"):
        path.unlink()  # ten are left, with the one that is too short and the one that is no ECG

    def scoring(out: Path) -> Victim:
        return Victim(api.score, archive_folder, out, lef="default", device="cpu", per_part=PER_PART)

    whole, out = tmp_path / "whole.parquet", tmp_path / "killed.parquet"
    calls = scoring(whole).run()
    rng, victim = random.Random(0), scoring(out)
    killed = finished = 0
    while killed < kills:
        if victim.run(until=rng.randrange(1, calls // 2)) == 0:
            killed += 1
            continue
        finished += 1
        assert pq.read_table(out).equals(pq.read_table(whole))
        out.unlink()
        assert finished < kills
    assert victim.run(until=calls // 2) == 0
    assert list(out.with_name(out.name + ".parts").glob("*.parquet"))  # it goes on from what is there
    assert victim.run() > 0
    table = pq.read_table(out)
    assert table.equals(pq.read_table(whole))
    assert table["path"].to_pylist() == sorted(
        set(table["path"].to_pylist()), key=table["path"].to_pylist().index
    )
    assert len(table) == 12
    assert not out.with_name(out.name + ".parts").exists()


def test_every_file_is_a_row_and_the_numbers_are_the_classifier_s(
    archive_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    counts = api.score(archive_folder, out, device="cpu")
    assert counts == {"output": str(out), "n_rows": 50, "n_errors": 2}
    rows = {row["path"]: row for row in pq.read_table(out).to_pylist()}
    wanted = {str(path.relative_to(archive_folder)) for path in formats.list_records([archive_folder])}
    assert set(rows) == wanted
    assert "too short" in rows["short.hea"]["error"]
    assert rows["short.hea"]["seconds"] == pytest.approx(4.0)
    assert rows["broken.hea"]["sha256"] is None
    said = api.classify(archive_folder / "ward1" / "r07.hea", device="cpu")
    row = rows["ward1/r07.hea"]
    for score in said.scores:
        assert row[f"p_{score.code}"] == pytest.approx(score.probability, abs=1e-5)
    assert row["not_assessable"] == ("; ".join(s.code for s in said.scores if s.not_assessable) or None)
    assert row["pacing"] == api.pacing(archive_folder / "ward1" / "r07.hea").text
    facts = pq.read_schema(out).metadata
    assert b"Research use only" in facts[b"notice"]
    assert json.loads(facts[b"classifier"])["sha256"] == cards.default("classifier").sha256


def test_the_lef_result_is_that_of_one_file_alone_and_rests_on_predictions_in_hand(
    archive_folder: Path, tmp_path: Path, forwards: list[str]
) -> None:
    out = tmp_path / "out.parquet"
    api.score(archive_folder / "ward1", out, device="cpu", lef="default")
    assert len(forwards) == 1  # a batch of 24
    assert b"lef_classifiers" not in pq.read_schema(out).metadata
    rows = {row["path"]: row for row in pq.read_table(out).to_pylist()}
    alone = api.lef(archive_folder / "ward1" / "r07.hea", device="cpu")
    assert rows["r07.hea"]["lef_value"] == pytest.approx(alone.value, abs=1e-5)
    assert rows["r07.hea"]["lef_percentile"] == pytest.approx(alone.percentile, abs=0.1)


def test_a_lef_model_of_another_classifier_has_that_one_asked_too(
    archive_folder: Path, tmp_path: Path, classifier: ModelCard, forwards: list[str]
) -> None:
    out = tmp_path / "out.parquet"
    api.score(archive_folder / "ward1", out, classifier.id, "default", "cpu")
    assert len(forwards) == 2
    (said,) = json.loads(pq.read_schema(out).metadata[b"lef_classifiers"])
    assert said["model_id"] == "mtecg-ptbxl"
    rows = {row["path"]: row for row in pq.read_table(out).to_pylist()}
    path = archive_folder / "ward1" / "r07.hea"
    assert rows["r07.hea"]["lef_value"] == pytest.approx(api.lef(path, device="cpu").value, abs=1e-5)
    scores = api.classify(path, classifier.id, "cpu").scores
    assert rows["r07.hea"][f"p_{scores[0].code}"] == pytest.approx(scores[0].probability, abs=1e-5)


def test_a_table_of_another_model_is_not_gone_on_with(archive_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"

    def stop(fraction: float, text: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.score(archive_folder, out, device="cpu", per_part=10, progress=stop)
    with pytest.raises(ModelError, match="its lef differs"):
        api.score(archive_folder, out, device="cpu", lef="default")
    with pytest.raises(ModelError, match="its root differs"):
        api.score(archive_folder / "ward0", out, device="cpu")
    plan = out.with_name(out.name + ".parts") / "plan.json"
    plan.write_text(plan.read_text()[:100])
    with pytest.raises(ReportError, match="cannot be understood"):
        api.score(archive_folder, out, device="cpu")


def test_bad_places_are_one_line(
    archive_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for words in (
        [str(tmp_path / "empty"), "-o", str(tmp_path / "a.parquet")],
        [str(tmp_path / "none"), "-o", str(tmp_path / "a.parquet")],
        [str(archive_folder), "-o", str(tmp_path / "a.parquet"), "--model", "lef-zero-shot"],
    ):
        assert main(["score", *words, "--device", "cpu"]) == 1
        assert "Traceback" not in capsys.readouterr().err


def test_the_command_prints_its_counts(
    archive_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["score", str(archive_folder), "-o", str(tmp_path / "o.parquet"), "--device", "cpu", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["n_rows"] == 50


@pytest.mark.timeout(600)  # Ray starts a dozen processes, and each that works loads torch
def test_ray_gives_the_same_table(archive_folder: Path, tmp_path: Path) -> None:
    for path in archive_folder.glob("ward*/r[1-4]*"):
        path.unlink()  # ten are left, with the one that is too short and the one that is no ECG
    here, there = tmp_path / "here.parquet", tmp_path / "ray.parquet"
    api.score(archive_folder, here, device="cpu", per_part=5)
    api.score(archive_folder, there, device="cpu", per_part=5, on_ray=True)
    one, other = pq.read_table(here), pq.read_table(there)
    assert other.schema.equals(one.schema)
    for name in one.column_names:
        if name.startswith("p_"):  # Ray's tasks have other numbers of threads: the last bits differ
            assert other[name].to_numpy() == pytest.approx(one[name].to_numpy(), abs=1e-6, nan_ok=True)
        else:
            assert other[name].equals(one[name]), name
