"""Units: written forms become UCUM codes, and values become other units."""

import subprocess
import sys

import pytest

from dothi.kit import units
from dothi.kit.errors import BadInput


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ({"symbol": "µg/m³", "definition": "ucum:ug/m3"}, "ug/m3"),
        ({"symbol": "μg/m³", "definition": "http://www.qudt.org/qudt/owl/1.0.0/unit/Instances.html"}, "ug/m3"),
        ({"name": "Celsius", "symbol": "°C", "definition": ""}, "Cel"),
        ({"symbol": "ppb"}, "[ppb]"),
        ({"symbol": "furlongs per fortnight-ish"}, None),
        (None, None),
    ],
)
def test_the_unit_of_a_datastream_is_understood(unit, code):
    assert units.ucum_of(unit) == code


def test_lengths_and_temperatures_convert():
    assert units.convert(1.88, "m", "cm") == pytest.approx(188)
    assert units.convert(95, "[degF]", "Cel") == pytest.approx(35)
    assert units.convert(1, "mg/m3", "ug/m3") == pytest.approx(1000)


def test_a_mixing_ratio_of_a_gas_becomes_a_concentration():
    # 1 ppb of NO2 (46.006 g/mol) at 25 °C and 760 mmHg is 1.88 µg/m³; 1 ppm of CO (28.010) is 1.145 mg/m³
    assert units.gas_line("[ppb]", "ug/m3", 46.006)(100) == pytest.approx(188.0, abs=0.1)
    assert units.gas_line("[ppm]", "mg/m3", 28.010)(1) == pytest.approx(1.145, abs=0.001)
    assert units.gas_line("ug/m3", "[ppb]", 46.006)(188.0) == pytest.approx(100, abs=0.1)


def test_different_kinds_do_not_convert():
    with pytest.raises(BadInput, match="measure different things"):
        units.line("m", "Cel")
    with pytest.raises(BadInput):
        units.gas_line("[ppb]", "ug/m3", None)
    with pytest.raises(BadInput, match="not a UCUM unit"):
        units.line("wibble", "m")


def test_common_units_are_known_without_reading_the_grammar_and_really_are_units():
    from dothi.kit.units import _COMMON, _quantity

    assert [code for code in _COMMON if _quantity(code) is None] == []


def test_many_threads_may_ask_first():
    """The rule engine and the first page did so at the same time, and each spoilt the registry of the other."""
    code = (
        "import threading\n"
        "from dothi.kit import units\n"
        "found, go = [], threading.Barrier(6)\n"
        "def ask():\n"
        "    go.wait()\n"
        "    found.append(units.line('km/h', 'm/s').scale)\n"
        "threads = [threading.Thread(target=ask) for _ in range(6)]\n"
        "[one.start() for one in threads]\n"
        "[one.join() for one in threads]\n"
        "assert len(found) == 6 and len(set(found)) == 1, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
