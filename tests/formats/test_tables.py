"""Tables as people have them: units in the header or below it, decimal commas, clocks, dates, rounding, watches."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.cli import main
from ecgview.errors import FormatError
from ecgview.record import GAIN, EcgRecord

FS_HZ = 500.0
N = 1000
WAVE = np.round(1.5 * np.sin(np.arange(N) * 2 * np.pi * 5 / FS_HZ), 3)  # mV


def _table(path: Path, header: list[str], rows: list[list[str]], delimiter: str = ",") -> Path:
    path.write_text(
        "\n".join(delimiter.join(cells) for cells in [*header_rows(header), *rows]) + "\n", "utf-8"
    )
    return path


def header_rows(header: list[str]) -> list[list[str]]:
    return [line.split("|") for line in header]


def _rows(time: Callable[[int], str], value: Callable[[float], str], n: int = N) -> list[list[str]]:
    return [[time(i), value(WAVE[i]), value(-WAVE[i])] for i in range(n)]


def _point(value: float) -> str:
    return f"{value:.3f}"


def _german(value: float) -> str:
    return f"{value:,.1f}".translate({ord(","): ".", ord("."): ","})


def _clock(i: int) -> str:
    total = 23 * 3600 + 59 * 60 + 59 + i / FS_HZ  # over midnight
    return f"{int(total // 3600) % 24:02d}:{int(total // 60) % 60:02d}:{total % 60:06.3f}"


def _iso(i: int) -> str:
    return f"2026-03-14T09:15:{i / FS_HZ:06.3f}+01:00"


@pytest.mark.parametrize(
    ("header", "time", "value", "delimiter"),
    [
        (["time (s)|I (mV)|II (mV)"], lambda i: f"{i / FS_HZ:.3f}", _point, ","),
        (["Time [ms]|I [uV]|II [µV]"], lambda i: f"{2 * i}", lambda v: f"{v * 1000:.0f}", ","),
        (["zeit_ms|I_uV|II_uV"], lambda i: f"{2 * i}", lambda v: f"{v * 1e3:.0f}", "\t"),
        (["time|I|II", "s|mV|mV"], lambda i: f"{i / FS_HZ:.3f}".replace(".", ","),
         lambda v: _point(v).replace(".", ","), ";"),
        (["'Elapsed time'|'I'|'II'", "'seconds'|'mV'|'mV'"], lambda i: f"{i / FS_HZ:.3f}", _point, ","),
        (["time|I|II", "(hh:mm:ss.mmm)|(mV)|(mV)"], _clock, _point, ","),
        (["timestamp|Lead I (mV)|Lead II (mV)"], _iso, _point, ","),
        (["t|I (V)|II (V)"], lambda i: f"{i / FS_HZ:.3f}", lambda v: f"{v / 1000:.6f}", ","),
        (["timestamp|I (mV)|II (mV)"], lambda i: f"{1_773_478_500_000 + 2 * i}", _point, ","),
        (["sep=;", "Zeit (ms)|I (\u00b5V)|II (\u00b5V)"], lambda i: f"{2 * i:,}".replace(",", "."),
         lambda v: _german(v * 1e3), ";"),
        (["Temps (ms)|I (uV)|II (uV)"], lambda i: f"{2 * i:,}".replace(",", "\u202f"), lambda v: _german(v * 1e3), ";"),
        (["Time (ms)|I (uV)|II (uV)"], lambda i: f'"{2 * i:,}"', lambda v: f'"{v * 1000:,.1f}"', ","),
        (["% exported", "time|I (mV)|II (mV)"], lambda i: f"{i / FS_HZ:.3f}", _point, "|"),
        (["Patient|12", "Sampling rate|500 Hz", "Unit|uV", "I|II"], None, lambda v: f"{v * 1000:.0f}", ","),
        (["# Sampling frequency (Hz): 500", "I (mV)|II (mV)"], None, _point, ","),
        (["'sample interval'|'I'|'II'", "'0.002 sec'|'mV'|'mV'"], str, _point, ","),
        (["'Time'|'I'|'II'", "'(hh:mm:ss.mmm)'|'mV'|'mV'"], lambda i: f"'[{_clock(i)} 14/03/2026]'", _point, ","),
        (["Time and date|I (mV)|II (mV)"], lambda i: f"14.03.2026 {_clock(i)}", _point, ","),
        (["timestamp|I (mV)|II (mV)"], lambda i: f"03/14/2026 11:59:{59 + i / FS_HZ:06.3f} AM" if i < 500
         else f"03/14/2026 12:00:{(i - 500) / FS_HZ:06.3f} PM", _point, ","),
        (["time|I (mV)|II (mV)"], lambda i: f"{i / FS_HZ:.2f}", _point, ","),  # five samples a written time
    ],
)  # fmt: skip
def test_rate_and_unit_are_as_stated(
    tmp_path: Path,
    header: list[str],
    time: Callable[[int], str] | None,
    value: Callable[[float], str],
    delimiter: str,
) -> None:
    rows = _rows(time or str, value)
    path = _table(tmp_path / "ecg.csv", header, rows if time else [cells[1:] for cells in rows], delimiter)
    record = formats.read(path)
    assert record.sampling_rate_hz == FS_HZ
    assert record.lead_names[:2] == ("I", "II")
    assert np.abs(record.lead("I") - WAVE).max() < 2e-3
    assert not [note for note in record.notes if note.kind == GAIN]
    summary = formats.peek(path)
    assert summary.n_leads == 6  # the limb leads that follow from two


def test_a_date_and_time_is_the_start_of_the_recording(tmp_path: Path) -> None:
    path = _table(tmp_path / "ecg.csv", ["time|I (mV)|II (mV)"], _rows(_iso, _point))
    assert formats.read(path).acquisition.start_time == "2026-03-14T09:15:00"


@pytest.mark.parametrize(
    ("first", "start"),
    [
        ("14.03.2026 09:15:00.000", "2026-03-14T09:15:00"),
        ("03/14/2026 09:15:00.000 PM", "2026-03-14T21:15:00"),
        ("[09:15:00.000 14/03/2026]", "2026-03-14T09:15:00"),
        ("03/04/2026 09:15:00.000", ""),  # March or April
        ("99.99.2026 09:15:00.000", ""),
    ],
)
def test_a_date_that_may_be_meant_in_two_ways_is_none(first: str, start: str, tmp_path: Path) -> None:
    rows = _rows(lambda i: first.replace("00.000", f"{i / FS_HZ:06.3f}"), _point)
    record = formats.read(_table(tmp_path / "e.csv", ["time|I (mV)|II (mV)"], rows))
    assert (record.sampling_rate_hz, record.acquisition.start_time) == (FS_HZ, start)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_a_table_and_a_watch_export_open_in_the_encoding_of_a_spreadsheet(
    encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "e.csv"
    tables = (
        _table(
            path, ["time|I (\u00b5V)"], [cells[:2] for cells in _rows(lambda i: f"{i / FS_HZ:.3f}", _point)]
        ),
        _watch(tmp_path / "w.csv", ENGLISH, "Lead I", "\u00b5V", "512 hertz", comma=False),
    )
    for table, scale in zip(tables, (1e-3, 1.0), strict=True):
        table.write_text(table.read_text("utf-8"), encoding)
        record = formats.read(table)
        assert np.abs(record.lead("I") - WAVE * scale).max() < 2e-3 * scale
        assert not record.gain_doubt
        assert formats.peek(table).n_leads == 1
        assert formats.list_records([tmp_path]).count(table) == 1


def test_a_column_of_words_is_no_reason_to_refuse_the_leads(tmp_path: Path) -> None:
    rows = [["N", "2026-03-14", *cells, "n.a."] for cells in _rows(lambda i: f"{i / FS_HZ:.3f}", _point)]
    path = _table(tmp_path / "e.csv", ["beat|date|time|I (mV)|V1 (mV)|V2 (mV)"], rows)
    record = formats.read(path)
    assert (record.sampling_rate_hz, record.lead_names) == (FS_HZ, ("I", "V1"))
    told = " ".join(note.text for note in record.notes)
    assert "beat" in told
    assert "V2" in told


def test_columns_of_one_name_are_counted_alike_in_listing_and_opening(tmp_path: Path) -> None:
    path = _table(tmp_path / "e.csv", ["time|ECG (mV)|ECG (mV)"], _rows(lambda i: f"{i / FS_HZ:.3f}", _point))
    assert formats.peek(path).n_leads == len(formats.read(path).lead_names) == 2


def test_a_rounded_time_column_gives_the_round_rate(tmp_path: Path) -> None:
    rows = _rows(lambda i: f"{i / 360:.3f}", _point)
    assert formats.read(_table(tmp_path / "e.csv", ["time|I (mV)|II (mV)"], rows)).sampling_rate_hz == 360.0


def test_no_unit_is_a_caution_and_other_quantities_are_left_out_by_name(tmp_path: Path) -> None:
    rows = [[*cells, "97"] for cells in _rows(lambda i: f"{i / FS_HZ:.3f}", _point)]
    record = formats.read(_table(tmp_path / "e.csv", ["time|I|II|SpO2 (%)"], rows))
    assert [note.kind for note in record.notes if note.kind == GAIN] == [GAIN]
    assert any("SpO2" in note.text for note in record.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[: N // 2] + rows[N // 2 + 1 :], "evenly"),  # one sample is missing
        (lambda rows: [["", *cells[1:]] for cells in rows], "time is missing"),
        (lambda rows: [[f"{2 * i}", *cells[1:]] for i, cells in enumerate(rows)], "unit of time"),
        (lambda rows: [[cells[0], "1,5", cells[2]] for cells in rows], "number of cells"),
    ],
)
def test_times_that_cannot_be_meant_are_refused_by_column_and_line(
    tmp_path: Path, change: Callable[[list[list[str]]], list[list[str]]], message: str
) -> None:
    rows = change(_rows(lambda i: f"{i / FS_HZ:.3f}", _point))
    with pytest.raises(FormatError, match=message):
        formats.read(_table(tmp_path / "e.csv", ["time|I (mV)|II (mV)"], rows))


def _watch(path: Path, words: tuple[str, ...], lead: str, unit: str, rate: str, comma: bool) -> Path:
    head = [
        f"{words[0]},Li Lei", f'{words[1]},"15. Jan 1960"', f"{words[2]},2026-03-14 09:15:00 +0100",
        f"{words[3]},Sinus", f"{words[4]},", f"{words[5]},1.90", f'{words[6]},"Watch6,7"', f"{words[7]},{rate}",
    ]  # fmt: skip
    samples = [f"{value * 1000:.3f}".replace(".", "," if comma else ".") for value in WAVE]
    lines = [*head, "", "", f"{words[8]},{lead}", f"{words[9]},{unit}", "", *samples]
    path.write_text("\n".join(lines), "utf-8")
    return path


ENGLISH = ("Name", "Date of Birth", "Recorded Date", "Classification", "Symptoms", "Software Version", "Device",
           "Sample Rate", "Lead", "Unit")  # fmt: skip
GERMAN = ("Name", "Geburtsdatum", "Aufzeichnungsdatum", "Klassifizierung", "Symptome", "Softwareversion", "Gerät",
          "Messrate", "Ableitung", "Einheit")  # fmt: skip
CHINESE = ("姓名", "出生日期", "记录日期", "分类", "症状", "软件版本", "设备", "采样率", "导联", "单位")


@pytest.mark.parametrize(
    ("words", "lead", "unit", "rate", "comma"),
    [
        (ENGLISH, "Lead I", "µV", "512 hertz", False),
        (GERMAN, "Ableitung I", "µV", "512 Hertz", True),
        (GERMAN, "Ableitung I", "mV", "512,0 Hertz", True),
        (CHINESE, "I 导联", "微伏", "512 赫兹", False),
    ],
)
def test_a_watch_export_opens_in_any_language(
    tmp_path: Path, words: tuple[str, ...], lead: str, unit: str, rate: str, comma: bool
) -> None:
    path = _watch(tmp_path / "ecg.csv", words, lead, unit, rate, comma)
    record = formats.read(path)
    assert (record.source.format, record.lead_names, record.sampling_rate_hz) == ("Watch CSV", ("I",), 512.0)
    height = 1000.0 if unit == "mV" else 1.0
    assert np.abs(record.lead("I") - WAVE * height).max() < 2e-3 * height
    assert record.patient.name == "Li Lei"
    assert record.acquisition.start_time == "2026-03-14T09:15:00"
    assert [one.text for one in record.device_reading.statements] == ["Sinus"]
    assert "Li Lei" not in str(record.acquisition.extra)
    assert formats.peek(path).fs_hz == 512.0


def test_the_real_tables_open_at_the_rate_that_they_state(shared_data: Path) -> None:
    rates = {"c2_semicolon_comma": 500, "c3_units_in_header": 500, "c9_clock": 500, "k2_rdsamp": 360}
    records: dict[str, EcgRecord] = {
        path.stem: formats.read(path) for path in sorted((shared_data / "cases" / "csv_variants").iterdir())
    }
    assert {name: record.sampling_rate_hz for name, record in records.items()} == rates
    twins = [records[name] for name in ("c2_semicolon_comma", "c3_units_in_header", "c9_clock")]
    for other in twins[1:]:
        assert np.array_equal(twins[0].signal, other.signal)
    assert twins[0].lead_names == other.lead_names


def test_the_real_watch_export_opens(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_data / "cases" / "apple_csv" / "apple_en.csv"
    assert main(["info", str(path)]) == 0
    told = capsys.readouterr().out
    for words in ("512 Hz", "1 lead: I", "Sinus Rhythm", "66 years"):
        assert words in told
    assert 0.2 < np.ptp(formats.read(path).signal) < 5
