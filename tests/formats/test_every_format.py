"""What every format must keep: one best score, lossless round trips, typed errors on any input."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples import RATE, SAMPLES, Rows, limb

from ecgview import formats
from ecgview.errors import EcgviewError
from ecgview.formats import wfdb as wfdb_record
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord

WRITERS = formats.writers()
SOLO = sorted(set(SAMPLES) - {"CODE-15", "EchoNext"})  # the others belong to a table beside them


def _rows(samples: int, rate: float) -> Rows:
    return np.random.default_rng(0).integers(-150, 150, (12, int(samples * rate / 500))).astype(np.int16)


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_round_trip_to_the_quantisation_of_the_format(
    suffix: str, tmp_path: Path, pulse_record: EcgRecord
) -> None:
    before = replace(pulse_record, synthetic=True)
    path = WRITERS[suffix].write(before, tmp_path / f"ecg{suffix}")
    again = formats.read(path)
    assert again.source.format == WRITERS[suffix].NAME
    assert again.lead_names == STANDARD_12
    assert again.sampling_rate_hz == 500.0
    assert again.synthetic
    assert formats.peek(path).synthetic or suffix == ".npy"
    assert np.abs(again.signal - before.signal).max() <= 0.0005 + 1e-6


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_a_place_that_cannot_be_written_is_named_and_left_clean(
    suffix: str, tmp_path: Path, pulse_record: EcgRecord
) -> None:
    with pytest.raises(EcgviewError, match="nowhere"):
        WRITERS[suffix].write(pulse_record, tmp_path / "nowhere" / f"ecg{suffix}")
    assert [entry.name for entry in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_one_format_has_the_best_score(name: str, tmp_path: Path) -> None:
    path = SAMPLES[name](tmp_path, limb(_rows(1000, RATE[name])), "Li Lei")
    head = path.read_bytes()[: formats.HEAD_BYTES]
    scores = sorted((fmt.sniff(head, path) for fmt in formats.known()), reverse=True)
    assert scores[0] > scores[1]
    assert name == formats.detect(path).NAME
    summary = formats.peek(path)
    assert summary.format == name
    assert summary.path == str(path)


@pytest.mark.parametrize("name", sorted(set(SOLO) - {"WFDB", "CSV", "Contec ECG"}))
def test_a_file_is_known_by_its_content(name: str, tmp_path: Path) -> None:
    """But for text tables and headers, which are nothing but text, and one that begins with a file's number."""
    path = SAMPLES[name](tmp_path, limb(_rows(1000, RATE[name])), "Li Lei")
    suffix = ".npz" if name == "NumPy" else ".bin"
    assert name == formats.detect(path.rename(tmp_path / f"odd{suffix}")).NAME


@pytest.mark.parametrize("name", SOLO)
def test_a_cut_file_gives_a_record_or_a_typed_error(name: str, tmp_path: Path) -> None:
    path = SAMPLES[name](tmp_path, limb(_rows(600, RATE[name])), "Li Lei")
    whole = path.read_bytes()
    for k in range(16):
        path.write_bytes(whole[: len(whole) * k // 16])
        told = path.stem
        try:
            formats.read(path)
        except EcgviewError as error:
            told = str(error)
        assert path.stem in told


def test_a_wfdb_record_with_a_chinese_name_opens(tmp_path: Path, pulse_record: EcgRecord) -> None:
    header = wfdb_record.write(pulse_record, tmp_path / "a")
    text = header.read_text().replace("a.dat", "心电图.dat").replace("a 12", "心电图 12")
    (tmp_path / "心电图.hea").write_text(text, encoding="utf-8")
    (tmp_path / "a.dat").rename(tmp_path / "心电图.dat")
    record = formats.read(tmp_path / "心电图.hea")
    assert np.abs(record.signal - pulse_record.signal).max() <= 0.0006


def test_leads_come_in_standard_order_and_the_computed_ones_are_named(
    tmp_path: Path, pulse_record: EcgRecord
) -> None:
    names = ("V6", "V1", "V2", "V3", "V4", "V5", "II", "I")
    np.savez(tmp_path / "e.npz", signal=pulse_record.leads(names), fs_hz=500.0, lead_names=np.array(names))
    record = formats.read(tmp_path / "e.npz")
    assert record.lead_names == STANDARD_12
    assert record.acquisition.derived_leads == ("III", "aVR", "aVL", "aVF")
    assert np.allclose(record.lead("III"), record.lead("II") - record.lead("I"), atol=1e-6)
    assert np.allclose(record.lead("aVR"), -(record.lead("I") + record.lead("II")) / 2, atol=1e-6)


def test_an_old_challenge_header_with_date_and_time_opens(tmp_path: Path, pulse_record: EcgRecord) -> None:
    header = wfdb_record.write(pulse_record, tmp_path / "A0001")
    lines = header.read_text().splitlines()
    lines[0] = "A0001.mat 12 500 5000 12-May-2020 12:33:59"
    header.write_text("\n".join([*lines, "#Age: 80", "#Sex: Male", "#Dx: 164889003"]) + "\n")
    record = formats.read(header)
    assert record.acquisition.start_time == "2020-05-12T12:33:59"
    assert (record.patient.age_years, record.patient.sex) == (80.0, "male")
    assert record.acquisition.extra["Dx"] == "164889003"
    assert np.abs(record.signal - pulse_record.signal).max() <= 0.0006


def test_microvolts_become_millivolts_and_other_quantities_stay_out(tmp_path: Path) -> None:
    (tmp_path / "u.hea").write_text(
        "u 2 500 1000\nu.dat 16 1/uV 16 0 0 0 0 II\nu.dat 16 100/mmHg 16 0 0 0 0 ABP\n"
    )
    samples = np.zeros((1000, 2), dtype=np.int16)
    samples[:, 0] = 1000 * (np.arange(1000) % 100 < 50)
    (tmp_path / "u.dat").write_bytes(samples.tobytes())
    record = formats.read(tmp_path / "u.hea")
    assert record.lead_names == ("II",)
    assert float(record.lead("II").max()) == pytest.approx(1.0)
    assert any("ABP" in note.text for note in record.notes)


@pytest.mark.parametrize(
    ("said", "rate"),
    [("1e3", 1000.0), ("5.0e+02", 500.0), ("250 Hz", 250.0), ("1 kHz", 1000.0), ("1,000", None)],
)
def test_a_rate_is_read_whole_or_refused(said: str, rate: float | None, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"# sampling_rate_hz: {said}\n# units: mV\nI,II\n" + "0.1,0.2\n" * 3000)
    if rate is None:
        with pytest.raises(EcgviewError, match="not a sampling rate"):
            formats.read(path)
    else:
        assert formats.read(path).sampling_rate_hz == rate


def test_a_quote_that_never_ends_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("# sampling_rate_hz: 500\nI,II\n" + '0.1,"0.2\n' + "0.1,0.2\n" * 20_000)
    with pytest.raises(EcgviewError, match=r"t\.csv: line \d+: is no table"):
        formats.read(path)


def test_a_table_without_a_rate_says_what_to_add(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("I,II\n0.1,0.2\n0.3,0.4\n")
    with pytest.raises(EcgviewError, match="sampling_rate_hz"):
        formats.read(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text(
        "time_s,I,II\n" + "".join(f"{k / 250},0.{k % 9},0.2\n" for k in range(500))
    )
    assert formats.read(tmp_path / "t.csv").sampling_rate_hz == pytest.approx(250.0)


def test_a_large_folder_lists_one_path_per_record(tmp_path: Path) -> None:
    for k in range(2000):
        (tmp_path / f"r{k:05d}.hea").touch()
        (tmp_path / f"r{k:05d}.dat").touch()
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    found = formats.list_records([tmp_path])
    assert len(found) == 2000
    assert {path.suffix for path in found} == {".hea"}
    assert formats.list_records([tmp_path / "r0000*.hea"]) == found[:10]


def test_a_path_that_is_not_there_is_named() -> None:
    with pytest.raises(EcgviewError, match="nowhere"):
        formats.list_records(["/nowhere/at/all"])


@pytest.mark.parametrize("folder", ["ptbxl", "cinc2021", "cpsc2018", "ludb", "formats/wfdb"])
def test_every_real_record_opens_as_wfdb_reads_it(folder: str, shared_data: Path) -> None:
    import wfdb

    paths = formats.list_records([shared_data / folder])
    assert paths
    compared = 0
    for path in paths[:: max(1, len(paths) // 60)]:
        record = formats.read(path)
        assert record.seconds > 5
        try:
            theirs = wfdb.rdrecord(str(path.with_suffix("")), sampto=record.n_samples)
        except Exception:
            continue  # old headers that the library refuses: ours opened them
        for name, row in zip(theirs.sig_name, theirs.p_signal.T, strict=True):
            from ecgview.leads import canonical_name

            if record.has(canonical_name(name)):
                difference = np.abs(record.lead(canonical_name(name)) - row)
                assert np.nanmax(difference, initial=0.0) < 1e-5
                compared += 1
    assert folder == "cpsc2018" or compared > 5
