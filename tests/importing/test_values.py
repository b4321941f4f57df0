"""Numbers and times as people type them; the fast way by columns equals the slow way by cell."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.kit import clock
from dothi.sensing.tabular import cells, numbers, times, units
from dothi.sensing.tabular.numbers import Number
from dothi.sensing.tabular.times import Time

HERE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("text", "how", "value"),
    [
        ("21.0°C", Number("Cel"), 21.0), ("83%", Number("%"), 83.0), ("83 %", Number("%"), 83.0),
        ("18 km/h", Number("m/s"), 5.0), ("0.8 mg/m³", Number("ug/m3"), 800.0), ("50 °F", Number("Cel"), 10.0),
        ("12 µg/m3", Number("ug/m3"), 12.0), ("1013,25", Number("hPa", decimal=","), 1013.25),
        ("1.013,25 hPa", Number("hPa", decimal=",", thousands="."), 1013.25), ("1 234", Number(), 1234.0),
        ("1,234.5", Number(thousands=","), 1234.5), ("−3.5", Number(), -3.5), ("+4", Number(), 4.0),
        ("1.5e3", Number(), 1500.0), ("'7'", Number(), 7.0), (".5", Number(), 0.5), ("12,5", Number(decimal="any"), 12.5),
        ("1.234,5", Number(decimal="any"), 1234.5), ("0.125", Number(decimal="any"), 0.125),
        ("7 mét", Number("cm"), 700.0), ("5", Number("cm", given="m"), 500.0), ("5", Number(factor=2.0, offset=1.0), 11.0),
    ],
)  # fmt: skip
def test_a_number_is_read_as_its_writer_meant_it(text, how, value):
    assert numbers.parse(text, how)[0] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("text", ["", " ", "N/A", "n/a", "-", "NaN", "null", "không có", "#N/A"])
def test_a_missing_value_is_nothing_and_never_zero(text):
    assert numbers.parse(text, Number()) == (None, None)


@pytest.mark.parametrize(
    ("text", "how", "why"),
    [
        ("1,5", Number(), "decimal mark"), ("1,500", Number(), "decimal mark"), ("1.500", Number(decimal=","), "decimal mark"),
        ("1.500", Number(decimal="any"), "thousands or decimals"), ("12 km", Number("m/s"), "cannot become"),
        ("hỏng", Number(), "not a number"), ("1 2", Number(), "several numbers"), ("1-2", Number(), "cannot become"),
        ("<5", Number(), "a limit"), ("5000", Number(high=1000.0), "outside"), ("1e999", Number(), "finite"),
        ("1.5", Number(whole=True), "whole"), ("1,23,4", Number(thousands=","), "thousands"),
    ],
)  # fmt: skip
def test_a_doubtful_number_is_refused_with_the_reason(text, how, why):
    with pytest.raises(ValueError, match=why):
        numbers.parse(text, how)


def test_below_the_detection_limit_keeps_that_it_was_below():
    assert numbers.parse("<5", Number(below="limit")) == (5.0, "<")
    assert numbers.parse("< 5", Number(below="half")) == (2.5, "<")


def test_gas_ratios_become_concentrations_by_molar_mass():
    ozone = Number("ug/m3", given="[ppb]", molar_mass=47.998)
    assert numbers.parse("10", ozone)[0] == pytest.approx(10 * 47.998 / 24.4654, rel=1e-4)
    with pytest.raises(units.NoConversion):
        numbers.parse_cells(cells.from_objects([10.0]), Number("ug/m3", given="[ppb]"))


@given(st.floats(-1e9, 1e9), st.sampled_from([".", ","]))
def test_any_decimal_number_reads_back(value, decimal):
    text = f"{value:.6f}".replace(".", decimal)
    assert numbers.parse(text, Number(decimal=decimal))[0] == float(f"{value:.6f}")


TEXTS = st.one_of(
    st.from_regex(r"\A ?[-+]?[0-9]{1,7}([.,][0-9]{1,5})?( ?(km/h|m/s|%|°C|mg/m³|xyz))? ?\Z"),
    st.sampled_from(["N/A", "", "<5", "hỏng", "1e5", "-", "5.", "١٢", "1_000", "0x1A", "inf"]),
    st.text(max_size=8),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.none(), TEXTS), max_size=25), st.sampled_from([".", ",", "any"]))
def test_numbers_by_columns_are_the_numbers_by_cell(texts, decimal):
    how = Number("m/s", decimal=decimal, low=-100.0, high=1e6, below="limit")
    fast = numbers.parse_cells(cells.from_text(texts), how)
    for place, text in enumerate(texts):
        try:
            value = None if text is None else numbers.parse(text, how)[0]
        except ValueError as error:
            assert fast.state[place] == cells.REFUSED
            reason = str(error)
            assert fast.reasons[place] == reason
            continue
        assert fast.state[place] == (cells.EMPTY if value is None else cells.OK), text
        assert value is None or fast.value[place] == value


def utc(text: str) -> int:
    return clock.parse(text)


@pytest.mark.parametrize(
    ("text", "format_", "instant"),
    [
        ("2025-02-05T22:01:17.266247+07:00", "iso", "2025-02-05T15:01:17.266247Z"),
        ("2025-02-05 22:01", "iso", "2025-02-05T15:01:00Z"),
        ("2025-02-05T22:01:17Z", "iso", "2025-02-05T22:01:17Z"),
        ("5/2/2025 7:30", "dd/MM/yyyy HH:mm", "2025-02-05T00:30:00Z"),
        ("01/01/2025 00:30", "dd/MM/yyyy HH:mm", "2024-12-31T17:30:00Z"),
        ("05/02/2025 07:30 CH", "dd/MM/yyyy hh:mm a", "2025-02-05T12:30:00Z"),
        ("05/02/2025 12:10 SA", "dd/MM/yyyy hh:mm a", "2025-02-04T17:10:00Z"),
        ("31/01/2025 24:00", "dd/MM/yyyy HH:mm", "2025-01-31T17:00:00Z"),
        ("7h30 05/02/25", "HH'h'mm dd/MM/yy", "2025-02-05T00:30:00Z"),
        ("07:30 05/02/25", "HH:mm dd/MM/yy", "2025-02-05T00:30:00Z"),
        ("45321.5", "excel", "2024-01-30T05:00:00Z"), ("45321,25", "excel", "2024-01-29T23:00:00Z"),
        ("1738767677", "epoch", "2025-02-05T15:01:17Z"), ("1738767677123", "epoch-ms", "2025-02-05T15:01:17.123Z"),
        ("{'@type': 'DateTime', '@value': '2025-12-03T22:09:37Z'}", "iso", "2025-12-03T22:09:37Z"),
    ],
)  # fmt: skip
def test_a_time_is_the_instant_its_writer_meant(text, format_, instant):
    times.check(format_)
    assert times.parse(text, Time((format_,), HERE)) == utc(instant)


@pytest.mark.parametrize("format_", ["HHhmm dd/MM/yy", "HH:mm", "isoo", "dd/MM"])
def test_a_format_that_cannot_be_is_refused(format_):
    with pytest.raises(ValueError, match="dd/MM/yyyy"):
        times.check(format_)


@pytest.mark.parametrize(
    ("text", "format_", "zone"),
    [
        ("31/02/2025 7:30", "dd/MM/yyyy HH:mm", HERE), ("2025-13-01T00:00", "iso", HERE), ("2025-02-05 22:01", "iso", None),
        ("1025-02-05 22:01", "iso", HERE), ("hôm qua", "iso", HERE), ("05/02/2025 25:00", "dd/MM/yyyy HH:mm", HERE),
        ("{'a': 1}", "iso", HERE), ("{'@value'", "iso", HERE), ("0", "excel", HERE), ("2025-02-05T22:01+99:00", "iso", HERE),
    ],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(text, format_, zone):
    with pytest.raises(ValueError):
        times.parse(text, Time((format_,), zone))


@given(st.datetimes(datetime(1976, 1, 1), datetime(2190, 1, 1)))
def test_local_times_read_back_in_any_format(wall):
    wall = wall.replace(microsecond=0)
    wanted = clock.micros(wall.replace(tzinfo=HERE))
    assert times.parse(wall.strftime("%d/%m/%Y %H:%M:%S"), Time(("dd/MM/yyyy HH:mm:ss",), HERE)) == wanted
    assert times.parse(wall.isoformat(), Time(("iso",), HERE)) == wanted
    serial = (wall - datetime(1899, 12, 30)) / timedelta(days=1)
    assert times.parse_cells(cells.from_objects([serial]), Time(("excel",), HERE)).value[0] == wanted


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-200_000_000, 6_000_000_000), min_size=70, max_size=90, unique=True),
    st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin", "Asia/Kathmandu"]),
    st.sampled_from([
        ("iso", "%Y-%m-%dT%H:%M:%S.%f"), ("iso", "%Y-%m-%d %H:%M"), ("iso", "%Y-%m-%dT%H:%M:%S+05:30"),
        ("dd/MM/yyyy HH:mm", "%d/%m/%Y %H:%M"), ("dd/MM/yyyy HH:mm", "%d-%m-%Y"), ("dd/MM/yy", "%d/%m/%y"),
        ("MM/dd/yyyy HH:mm", "%d/%m/%Y %H:%M"),
    ]),
)  # fmt: skip
def test_times_by_columns_are_the_times_by_cell(seconds, zone, form):
    how = Time((form[0],), ZoneInfo(zone))
    texts = [(datetime(1970, 1, 1) + timedelta(seconds=s, microseconds=s % 997)).strftime(form[1]) for s in seconds]
    fast = times.parse_cells(cells.from_text(texts), how)
    for place, text in enumerate(texts):
        try:
            assert fast.value[place] == times.parse(text, how)
            assert fast.state[place] == cells.OK
        except ValueError:
            assert fast.state[place] == cells.REFUSED, text
            assert place in fast.reasons


def test_a_spreadsheets_own_dates_are_local_and_exact_to_the_millisecond():
    made = cells.from_objects([datetime(2025, 2, 5, 7, 30, 0, 3), None, "x"])
    parsed = times.parse_cells(made, Time(("iso",), HERE))
    assert parsed.value[0] == utc("2025-02-05T00:30:00Z")
    assert list(parsed.state) == [cells.OK, cells.EMPTY, cells.REFUSED]
    without = times.parse_cells(made, Time(("iso",), None))
    assert without.state[0] == cells.REFUSED


def test_a_number_cell_needs_no_decimal_mark():
    parsed = numbers.parse_cells(cells.from_objects([45.125, "45,5", True, None]), Number(decimal=",", thousands="."))
    assert parsed.value[:2].tolist() == [45.125, 45.5]
    assert list(parsed.state) == [cells.OK, cells.OK, cells.REFUSED, cells.EMPTY]
    assert np.isnan(parsed.value[3])
