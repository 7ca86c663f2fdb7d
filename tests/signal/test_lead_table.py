"""The values of each lead as a table, and where on the median beat and in the record each one lies."""

from dataclasses import replace

import pytest

from ecgview.models import measuring
from ecgview.record import EcgRecord
from ecgview.signal.measure import lead_table
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import Measurement
from tests import synthetic_ecg


@pytest.fixture(scope="module")
def record() -> EcgRecord:
    """Return a record of known waves with a lead that is flat."""
    made = synthetic_ecg.record(synthetic_ecg.Made())
    signal = made.signal.copy()
    signal[made.lead_names.index("V4")] = 0.0
    return replace(made, signal=signal)


@pytest.fixture(scope="module")
def measured(record: EcgRecord) -> Measured:
    """Return what is measured of it."""
    return measuring.measured(record)


def _cell(measured: Measured, name: str, lead: str) -> Measurement:
    table = lead_table.of(measured)
    row = next(one for one in table.rows if one.name == name)
    found = row.cells[table.leads.index(lead)]
    assert found is not None
    return found


def test_every_value_of_every_lead_has_its_cell_and_a_lead_left_out_says_why(measured: Measured) -> None:
    table = lead_table.of(measured)
    assert table.leads[:3] == ("I", "II", "III")
    assert len(table.leads) == 12
    shown = {(one.name, one.lead) for row in table.rows for one in row.cells if one is not None}
    assert shown == {(one.name, one.lead) for one in measured.lead_values}
    assert "left out" in table.doubts[table.leads.index("V4")]
    assert [row.cells[table.leads.index("V4")] for row in table.rows] == [None] * len(table.rows)
    assert table.doubts[table.leads.index("II")] == ""


def test_the_text_has_a_line_for_each_value_and_a_plain_minus(measured: Measured) -> None:
    lines = [line.split("\t") for line in lead_table.of(measured).text.splitlines()]
    head, rows = lines[0], {line[0]: line for line in lines[1:]}
    assert {len(line) for line in lines} == {14}
    place = head.index("aVR")
    value = measured.value("T amplitude", "aVR")
    assert value is not None
    assert value < -0.05
    assert float(rows["T amplitude"][place]) == pytest.approx(value, abs=0.005)
    assert rows["T amplitude"][1] == "mV"
    assert rows["R amplitude"][head.index("V4 !")] == ""  # left out, and marked so


@pytest.mark.parametrize("lead", ["II", "aVL", "V2"])
def test_a_caliper_where_a_value_lies_reads_the_value(
    measured: Measured, record: EcgRecord, lead: str
) -> None:
    """On the median beat, and in the record, which is free of noise: amplitudes, levels and durations."""
    assert measured.median is not None
    row = record.lead(lead)
    read = []
    for item in measured.lead_values:
        if item.lead != lead or item.value is None or item.unit == "mV ms":
            continue
        span, place = lead_table.span_s(measured.median, item), lead_table.on_the_record(measured, item)
        assert span is not None
        assert place is not None
        assert place[1] - place[0] == pytest.approx(span[1] - span[0])
        if item.name.endswith("duration") or item.name.startswith(("QT", "R peak")):
            assert 1000 * (span[1] - span[0]) == pytest.approx(item.value, abs=4), item.name
        elif not item.name.startswith("P"):
            first, last = (row[round(at * record.sampling_rate_hz)] for at in place)
            assert last - first == pytest.approx(item.value, abs=0.03), item.name
        read.append(item.name)
    assert {"R amplitude", "QRS duration", "J+60", "T amplitude", "P duration"} <= set(read)


def test_it_lies_in_a_beat_of_the_median(measured: Measured) -> None:
    assert measured.median is not None
    start, end = lead_table.on_the_record(measured, _cell(measured, "QRS duration", "II")) or (0.0, 0.0)
    assert any(start < peak < end for peak in measured.median.aligned_s)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(-0.004, "mV", "0.00"), (-0.126, "mV", "−0.13"), (88.0, "ms", "88"), (-12.34, "mV ms", "−12.3")],
)
def test_numbers_are_written_as_carts_print_them(value: float, unit: str, said: str) -> None:
    assert lead_table.number(Measurement("J", value, unit, lead="V1")) == said


def test_what_was_not_measured_is_a_dash_on_the_screen() -> None:
    assert lead_table.number(None) == "–"
