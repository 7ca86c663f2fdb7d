"""`measure --csv`: a row for each ECG, resumed after a stop; and how the end of T was found is printed."""

import csv
import json
from pathlib import Path

import pytest

from ecgview import api, resources
from ecgview.cli import main
from ecgview.errors import Cancelled, ReportError
from ecgview.formats import wfdb
from ecgview.models import measure_table
from tests.synthetic_ecg import Made, record

KINDS = {
    "slow": Made(rr_ms=1100),
    "fast": Made(rr_ms=600, qt_ms=320, pr_ms=130),
    "without": Made(with_p=False),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "ecgs"
    root.mkdir()
    for name, made in KINDS.items():
        wfdb.write(record(made, noise_mv=0.005), root / f"{name}.hea")
    (root / "broken.scp").write_bytes(b"no ECG at all")
    return root


def _rows(path: Path) -> dict[str, dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return {Path(row["path"]).stem: row for row in csv.DictReader(file)}


def test_each_ecg_has_its_row(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "table.csv"
    assert main(["measure", str(folder), "--csv", str(out), "--workers", "2", "--json"]) == 1  # broken.scp
    told = json.loads(capsys.readouterr().out)
    rows = _rows(out)
    assert told["n_rows"] == len(rows) >= 3
    assert told["n_errors"] == sum(bool(row["error"]) for row in rows.values())
    for name in KINDS:
        found = {one.name: one.value for one in api.measure(folder / f"{name}.hea")}
        assert float(rows[name]["qt_ms"]) == found["QT"]
        assert float(rows[name]["heart_rate_bpm"]) == found["Heart rate"]
        assert rows[name]["found_by"].startswith("delineate-ludb")
    assert rows["without"]["pr_ms"] == ""
    assert not (tmp_path / "table.csv.parts").exists()


def test_a_stopped_table_goes_on_where_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "table.csv"
    measured: list[str] = []
    read = measure_table.formats.read
    monkeypatch.setattr(
        measure_table.formats, "read", lambda path: (measured.append(Path(path).stem), read(path))[1]
    )

    def stop(_fraction: float, _text: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        measure_table.write([folder], out, per_part=1, workers=1, progress=stop)
    assert len(measured) == 1
    assert not out.exists()
    measure_table.write([folder], out, per_part=1, workers=1)
    assert len(measured) == len(set(measured)) == len(_rows(out))


def test_another_table_at_the_same_place_is_refused(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"

    def stop(_fraction: float, _text: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        measure_table.write([folder], out, per_part=1, workers=1, progress=stop)
    with pytest.raises(ReportError, match="its t_end differs"):
        measure_table.write([folder], out, "tangent", per_part=1, workers=1)


@pytest.mark.parametrize("how", ["tangent", "threshold", "network"])
def test_how_t_ends_is_chosen_and_printed(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(resources.path("demo", "normal.hea"))
    assert main(["measure", path, "--json", "--t-end", how]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {one["name"]: one for one in found["measurements"] if not one["lead"]}
    assert f"end of T: {how}" in rows["QT"]["note"]
    if how != "network":
        assert rows["QT"]["value"] == pytest.approx(rows[f"QT, {how}"]["value"], abs=12)
    leads = {one["lead"] for one in found["measurements"] if one["name"] == f"QT, {how}"}
    assert {"II", "V5"} <= leads
