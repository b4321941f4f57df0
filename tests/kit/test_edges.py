"""Numbers and moments at the edge of what there is."""

import pytest

from dothi.kit import clock, text


@pytest.mark.parametrize(
    ("said", "number"),
    [("0", 0), ("007", 7), ("9" * 17, 10**17 - 1)]
    + [(said, None) for said in (None, "", "9" * 18, "9" * 5000, "-1", "+1", " 1", "1.0", "1_0", "²", "٣", "１", "x")],
)
def test_a_whole_number_is_plain_digits_a_column_can_hold(said, number):
    assert text.whole(said) == number


def test_fewer_digits_may_be_asked_for():
    assert text.whole("1234", 4) == 1234
    assert text.whole("12345", 4) is None


def test_vietnam_has_a_time_for_every_moment_there_is():
    assert clock.local(clock.parse("2026-11-23T17:30:00Z")).isoformat() == "2026-11-24T00:30:00+07:00"
    assert clock.local(clock.parse("9999-12-31T16:59:59Z")).isoformat() == "9999-12-31T23:59:59+07:00"
    assert clock.local_day(clock.parse("9999-12-31T23:59:59.999999Z")).isoformat() == "9999-12-31"
    assert clock.local_day(clock.parse("0001-01-01T00:00:00Z")).isoformat() == "0001-01-01"
