"""A scored archive: a row per file, the same table however often it was killed."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from killing import Victim

from ecgview import api, formats
from ecgview.cli import main
from ecgview.errors import Cancelled, ModelError, ReportError
from ecgview.formats import wfdb
from ecgview.models import archive, archive_processes, cards, precision
from ecgview.models.cards import ModelCard
from ecgview.models.networks.kit import bf16
from ecgview.record import EcgRecord

PER_PART = 2


@pytest.fixture(scope="session")
def archive_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the records stay of which every test gets a copy."""
    return tmp_path_factory.mktemp("archive")


@pytest.fixture
def archive_folder(archive_once: Path, tmp_path: Path, pulse_record: EcgRecord) -> Path:
    """Return a folder with 50 records in two folders, one too short, one that is no ECG (synthetic)."""
    if not list(archive_once.iterdir()):
        _write_archive(archive_once, pulse_record)
    return shutil.copytree(archive_once, tmp_path / "archive")


def _write_archive(archive: Path, pulse_record: EcgRecord) -> None:
    rng = np.random.default_rng(0)
    for number in range(48):
        folder = archive / f"ward{number % 2}"
        folder.mkdir(exist_ok=True)
        signal = pulse_record.signal * (0.5 + number / 48)
        noise = 0.01 * rng.standard_normal(signal.shape)
        wfdb.write(pulse_record.with_signal((signal + noise).astype(np.float32)), folder / f"r{number:02d}")
    short = pulse_record.with_signal(pulse_record.signal[:, :2000])
    wfdb.write(short, archive / "short")
    (archive / "broken.hea").write_text("nothing of an ECG\n")


def _few(archive_folder: Path) -> None:
    for path in archive_folder.glob("ward*/r[1-4]*"):
        path.unlink()  # ten are left, with the one that is too short and the one that is no ECG


@pytest.mark.parametrize("kills", [6, pytest.param(20, marks=pytest.mark.long)])
def test_kills_give_the_same_table(kills: int, archive_folder: Path, tmp_path: Path) -> None:
    """SIGKILL at any call: while reading, scoring, writing a part, joining the parts.

    Twenty of them: pytest -m long tests/models/test_archive.py
    """
    _few(archive_folder)

    def scoring(out: Path) -> Victim:
        # In the one process that is killed: others end with it, as a test below shows.
        return Victim(
            api.score, archive_folder, out, lef="default", device="cpu", per_part=PER_PART, workers=1
        )

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
    said = {"precision": "fp32", "precision_note": ""}
    assert counts == {"output": str(out), "n_rows": 50, "n_errors": 1, **said}
    rows = {row["path"]: row for row in pq.read_table(out).to_pylist()}
    wanted = {str(path.relative_to(archive_folder)) for path in formats.list_records([archive_folder])}
    assert set(rows) == wanted
    assert rows["short.hea"]["error"] is None
    assert rows["short.hea"]["not_analysed"] == "the record lasts 4.0 s, 10 s are needed"
    assert rows["short.hea"]["seconds"] == pytest.approx(4.0)
    assert rows["broken.hea"]["sha256"] is None
    said = api.classify(archive_folder / "ward1" / "r07.hea", device="cpu")
    row = rows["ward1/r07.hea"]
    for score in said.scores:
        assert row[f"p_{score.code}"] == pytest.approx(score.probability, abs=1e-5)
    assert row["not_assessable"] == ("; ".join(s.code for s in said.scores if s.not_assessable) or None)
    assert row["pacing"] == api.pacing(archive_folder / "ward1" / "r07.hea").text
    assert row["precision"] == said.precision == "fp32"
    facts = pq.read_schema(out).metadata
    assert b"Research use only" in facts[b"notice"]
    assert json.loads(facts[b"classifier"])["sha256"] == cards.default("classifier").sha256


def test_the_lef_result_is_that_of_one_file_alone_and_rests_on_predictions_in_hand(
    archive_folder: Path, tmp_path: Path, forwards: list[str]
) -> None:
    out = tmp_path / "out.parquet"
    api.score(archive_folder / "ward1", out, device="cpu", lef="default")
    assert len(forwards) == 2  # batches of 16 and 8
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
    assert len(forwards) == 4  # two batches of each
    (said,) = json.loads(pq.read_schema(out).metadata[b"lef_classifiers"])
    assert said["model_id"] == "residual-ptbxl"
    rows = {row["path"]: row for row in pq.read_table(out).to_pylist()}
    path = archive_folder / "ward1" / "r07.hea"
    assert rows["r07.hea"]["lef_value"] == pytest.approx(api.lef(path, device="cpu").value, abs=1e-5)
    scores = api.classify(path, classifier.id, "cpu").scores
    assert rows["r07.hea"][f"p_{scores[0].code}"] == pytest.approx(scores[0].probability, abs=1e-5)


def _scored_and_noted(plan: archive.Plan, number: int) -> None:
    archive.score_part(plan, number)
    with (Path(plan.root).parent / f"modules-{os.getpid()}").open("a", encoding="utf-8") as file:
        file.write("\n".join(sys.modules) + "\n")


def test_the_table_does_not_depend_on_how_many_processes_made_it(
    archive_folder: Path, tmp_path: Path
) -> None:
    _few(archive_folder)
    here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
    archive.score(archive_folder, here, device="cpu", per_part=PER_PART, workers=1)

    def spread(_work: Callable[..., None], plan: archive.Plan, numbers: Sequence[int]) -> Iterator[int]:
        return archive_processes.in_processes(_scored_and_noted, plan, numbers, 2)

    archive.score(archive_folder, there, device="cpu", per_part=PER_PART, spread=spread)
    assert there.read_bytes() == here.read_bytes()
    noted = [path.read_text(encoding="utf-8").split() for path in tmp_path.glob("modules-*")]
    assert len(noted) == 2
    for modules in noted:
        assert "torch" in modules
        assert not {"PySide6", "pyqtgraph"} & set(modules)


def _killed_at_the_third(plan: archive.Plan, number: int) -> None:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)  # as Linux does when there is no memory left
    archive.score_part(plan, number)


def test_a_process_that_is_killed_is_told_and_the_next_call_goes_on(
    archive_folder: Path, tmp_path: Path
) -> None:
    _few(archive_folder)
    whole, out = tmp_path / "whole.parquet", tmp_path / "killed.parquet"
    archive.score(archive_folder, whole, device="cpu", per_part=PER_PART, workers=1)

    def spread(_work: Callable[..., None], plan: archive.Plan, numbers: Sequence[int]) -> Iterator[int]:
        return archive_processes.in_processes(_killed_at_the_third, plan, numbers, 2)

    with pytest.raises(ModelError, match=r"was lost \(killed by signal 9\) at part 3, ") as caught:
        archive.score(archive_folder, out, device="cpu", per_part=PER_PART, spread=spread)
    assert "the same command goes on" in str(caught.value)
    assert not out.exists()
    parts = out.with_name(out.name + ".parts")
    kept = {
        path.name for path in parts.glob("*.parquet")
    }  # the third was begun when one of the first was done
    assert kept & {"000000.parquet", "000001.parquet"}
    assert "000002.parquet" not in kept
    archive.score(archive_folder, out, device="cpu", per_part=PER_PART, workers=1)
    assert out.read_bytes() == whole.read_bytes()


def _refuses(_plan: archive.Plan, number: int) -> None:
    raise ReportError("there is no room", where=f"part {number}", expected="room")


def test_what_goes_wrong_in_a_process_is_raised_where_the_work_was_begun() -> None:
    with pytest.raises(ReportError, match="part 7: there is no room; expected room"):
        list(archive_processes.in_processes(_refuses, _plan_of_nothing(""), [7], 1))


def _plan_of_nothing(root: str) -> archive.Plan:
    return archive.Plan(root=root, parts="", files=("a", "b", "c"), per_part=1, model="", model_sha256="")


def _never_ends(plan: archive.Plan, number: int) -> None:
    with Path(plan.root).open("w", encoding="ascii") as pipe:  # held open until this process is gone
        pipe.write(f"{os.getpid()}\n")
        pipe.flush()
        while True:
            signal.pause()


def _begun_and_never_ended(pipe: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    list(archive_processes.in_processes(_never_ends, _plan_of_nothing(str(pipe)), [0, 1, 2], 2))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX")
@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_one_that_began_it(ended_by: signal.Signals, tmp_path: Path) -> None:
    """Killed, or ended by Ctrl-C: a pipe that every process holds open ends when the last of them is gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    begun = multiprocessing.get_context("spawn").Process(target=_begun_and_never_ended, args=(pipe,))
    begun.start()
    with pipe.open(encoding="ascii") as heard:
        working = {int(heard.readline())}
        while len(working) < 2:
            working.add(int(heard.readline() or 0))
        assert 0 not in working
        for one in working:
            os.kill(
                one, signal.SIGINT
            )  # Ctrl-C reaches every process of a terminal: only the first one acts on it
        os.kill(begun.pid or 0, ended_by)
        assert heard.read() == ""
    begun.join()
    assert begun.exitcode == (-ended_by if ended_by == signal.SIGKILL else 1)


def test_a_table_in_bf16_says_so_and_how_far_it_is_from_fp32(
    archive_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _few(archive_folder)
    monkeypatch.setattr(bf16, "processor_multiplies_bf16", lambda: True)
    monkeypatch.setattr(precision, "_tried", {})
    plain, fast = tmp_path / "plain.parquet", tmp_path / "fast.parquet"
    api.score(archive_folder, plain, device="cpu")
    counts = api.score(archive_folder, fast, device="cpu", precision="bf16", lef="default")
    assert counts["precision"] == "bf16"
    assert counts["precision_note"].endswith("on 6 records, 0 of 426 calls flipped")
    assert pq.read_schema(fast).metadata[b"precision_note"].decode() == counts["precision_note"]
    one, other = pq.read_table(plain), pq.read_table(fast)
    told = np.array([one[name].to_numpy() for name in one.column_names if name.startswith("p_")])
    moved = told - np.array([other[name].to_numpy() for name in one.column_names if name.startswith("p_")])
    assert 0 < np.nanmax(np.abs(moved)) < 0.02  # of synthetic beats, unlike any record of training

    def stop(fraction: float, text: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.score(archive_folder, plain, device="cpu", per_part=5, workers=1, progress=stop)
    with pytest.raises(ModelError, match="its precision differs"):
        api.score(archive_folder, plain, device="cpu", precision="bf16")


def test_a_table_on_a_processor_without_bf16_is_in_fp32_and_says_why(
    archive_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classifier: ModelCard
) -> None:
    _few(archive_folder)
    monkeypatch.setattr(bf16, "processor_multiplies_bf16", lambda: False)
    monkeypatch.setattr(precision, "_tried", {})
    counts = api.score(archive_folder, tmp_path / "o.parquet", classifier.id, device="cpu", precision="bf16")
    assert counts["precision"] == "fp32"
    assert counts["precision_note"] == "bf16 was not used: this processor has no instructions for it"


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
    assert main(words) == 1  # one of the files cannot be read
    told = json.loads(capsys.readouterr().out)
    assert (told["n_rows"], told["n_errors"]) == (50, 1)


@pytest.mark.timeout(600)  # Ray starts a dozen processes, and each that works loads torch
def test_ray_gives_the_same_table(archive_folder: Path, tmp_path: Path) -> None:
    _few(archive_folder)
    here, there = tmp_path / "here.parquet", tmp_path / "ray.parquet"
    api.score(archive_folder, here, device="cpu", per_part=5)
    api.score(archive_folder, there, device="cpu", per_part=5, on_ray=True)
    assert pq.read_table(there).equals(pq.read_table(here), check_metadata=True)


def test_a_damaged_part_is_done_again(archive_folder: Path, tmp_path: Path) -> None:
    """What a full disk or a power cut leaves of a part is no part."""
    _few(archive_folder)
    whole, out = tmp_path / "whole.parquet", tmp_path / "again.parquet"
    archive.score(archive_folder, whole, device="cpu", per_part=PER_PART, workers=1)

    def two_parts(work: Callable[..., None], plan: archive.Plan, numbers: Sequence[int]) -> Iterator[int]:
        for number in numbers[:2]:
            work(plan, number)
            yield number
        raise Cancelled

    with pytest.raises(Cancelled):
        archive.score(archive_folder, out, device="cpu", per_part=PER_PART, spread=two_parts)
    part = tmp_path / "again.parquet.parts" / "000001.parquet"
    part.write_bytes(part.read_bytes()[:2000])
    archive.score(archive_folder, out, device="cpu", per_part=PER_PART, workers=1)
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "again.parquet",
        "whole.parquet",
    ]


def test_doubts_and_distances_are_columns_to_filter_by(tmp_path: Path, pulse_record: EcgRecord) -> None:
    folder, out = tmp_path / "records", tmp_path / "out.parquet"
    folder.mkdir()
    wfdb.write(pulse_record.with_signal(pulse_record.signal * 7), folder / "large")
    wfdb.write(pulse_record.with_signal(pulse_record.signal[:, :2000]), folder / "short")
    noise = np.random.default_rng(0).normal(0, 0.3, pulse_record.signal.shape)
    wfdb.write(pulse_record.with_signal(noise.astype(np.float32)), folder / "noise")
    api.score(folder, out, lef="default", device="cpu")
    rows = {row["path"]: row for row in pq.read_table(out).to_pylist()}
    large, noisy, short = (rows[f"{name}.hea"] for name in ("large", "noise", "short"))
    said, lef = api.classify(folder / "large.hea", device="cpu"), api.lef(folder / "large.hea", device="cpu")
    assert said.feature_distance_percentile is not None
    assert large["feature_distance_percentile"] == pytest.approx(said.feature_distance_percentile, abs=0.01)
    assert "amplitude" in large["doubt_kinds"].split("; ")
    assert large["warnings"] == "; ".join(said.warnings)
    assert large["lef_warnings"] == "; ".join(lef.warnings)
    assert (large["precision"], noisy["precision"], short["precision"]) == ("fp32", None, None)
    assert (noisy["feature_distance_percentile"], noisy["doubt_kinds"]) == (None, "no beats")
    assert (short["error"], short["not_analysed"]) == (None, "the record lasts 4.0 s, 10 s are needed")
    assert "sex unknown" in short["warnings"] or pulse_record.patient.sex


def test_a_part_of_an_earlier_version_has_nothing_in_the_newer_columns(
    archive_folder: Path, tmp_path: Path
) -> None:
    _few(archive_folder)
    whole, out = tmp_path / "whole.parquet", tmp_path / "again.parquet"
    archive.score(archive_folder, whole, device="cpu", per_part=PER_PART, workers=1)

    def one_part(work: Callable[..., None], plan: archive.Plan, numbers: Sequence[int]) -> Iterator[int]:
        work(plan, numbers[0])
        yield numbers[0]
        raise Cancelled

    with pytest.raises(Cancelled):
        archive.score(archive_folder, out, device="cpu", per_part=PER_PART, spread=one_part)
    newer = ["precision", "feature_distance_percentile", "doubt_kinds"]
    part = tmp_path / "again.parquet.parts" / "000000.parquet"
    pq.write_table(pq.read_table(part).drop_columns(newer), part)
    archive.score(archive_folder, out, device="cpu", per_part=PER_PART, workers=1)
    found, wanted = pq.read_table(out), pq.read_table(whole)
    assert found.schema == wanted.schema
    assert found.drop_columns(newer).equals(wanted.drop_columns(newer))
    assert found["precision"].slice(0, PER_PART).null_count == PER_PART
    assert found.slice(PER_PART).equals(wanted.slice(PER_PART))


def test_one_file_and_an_archive_keep_the_names_of_their_records(
    archive_folder: Path, tmp_path: Path
) -> None:
    header = next(archive_folder.glob("ward*/*.hea"))
    packed = tmp_path / "one.zip"
    with zipfile.ZipFile(packed, "w") as made:
        for path in header.parent.glob(f"{header.stem}.*"):
            made.write(path, path.name)
    for asked, name in ((header, header.name), (packed, f"one.zip#{header.name}")):
        archive.score(asked, tmp_path / "t.parquet", device="cpu", workers=1)
        (row,) = pq.read_table(tmp_path / "t.parquet").to_pylist()
        assert row["path"] == name
        assert row["error"] is None or row["error"] == ""
        assert row["n_leads"] == 12
