"""Whole imports on both databases: what is accepted, what is refused and why, and that the figures add up."""

import csv
import random
import tracemalloc
from datetime import UTC, datetime, timedelta

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text
from typer import Typer
from typer.testing import CliRunner

from dothi.kit import clock
from dothi.kit.errors import BadInput, NotFound
from dothi.sensing import ingest
from dothi.sensing.tabular import cli, guess, run
from tests.importing.test_encodings import in_cp1258, in_tcvn3

HEAD = "thời gian,trạm,mực nước,nhiệt độ\n"


def at(iso: str) -> int:
    return clock.parse(iso)


def test_a_wide_table_with_units_gaps_and_local_times(imported, stored):
    told = imported(
        HEAD
        + "01/05/2025 00:30,Tân An,1.25 m,21.0°C\n"  # 30 April in UTC
        + "01/05/2025 01:30,Tân An,N/A,22\n"
        + "01/05/2025 01:30,Bến Lức,90 cm,\n"
        + ",,,\n"
        + "\n"
        + "02/05/2025 01:30,Tân An,99,hỏng\n"
        + "32/05/2025 01:30,Tân An,1,\n"
        + "02/05/2025 02:30,,1,20\n"
        + "03/05/2025 02:30,Tân An,1,x\n"
    )
    assert stored() == [
        ("gauge-ben-luc", "level", at("2025-04-30T18:30:00Z"), 0.9, None),
        ("gauge-tan-an", "level", at("2025-04-30T17:30:00Z"), 1.25, None),
        ("gauge-tan-an", "level", at("2025-05-02T19:30:00Z"), 1.0, None),
        ("gauge-tan-an", "temperature", at("2025-04-30T17:30:00Z"), 21.0, None),
        ("gauge-tan-an", "temperature", at("2025-04-30T18:30:00Z"), 22.0, None),
    ]
    assert (told.rows, told.rows_accepted, told.rows_partly, told.rows_refused, told.rows_empty) == (9, 4, 1, 3, 2)
    assert (told.values, told.new, told.refused, told.empty) == (16, 5, 6, 5)
    assert (told.things_made, told.datastreams_made) == (2, 3)


def test_every_refusal_is_in_the_report_with_its_row(imported, database, tmp_path):
    report = tmp_path / "refused.csv"
    imported(
        HEAD
        + "01/05/2025 00:30,Tân An,99,hỏng\n"
        + "1/5,Tân An,1,\n"
        + "02/05/2025 00:30,Tân An,1,2,3\n"
        + "hôm qua,Tân An,,\n",
        report=report,
    )
    rows = list(csv.DictReader(report.read_text("utf-8-sig").splitlines()))
    assert [(row["row"], row["column"], row["value"]) for row in rows] == [
        ("4", "", "02/05/2025 00:30,Tân An,1,2,3"), ("2", "mực nước", "99"), ("2", "nhiệt độ", "hỏng"), ("3", "thời gian", "1/5"),
    ]  # fmt: skip
    assert "outside -5…20" in rows[1]["reason"]
    assert {row["file"] for row in rows} == {"table.csv"}


def test_a_repeat_changes_nothing(imported, stored, database):
    table = HEAD + "".join(f"{d:02d}/05/2025 00:30,Tân An,{d / 10},\n" for d in range(1, 21))
    first = imported(table)
    before = stored()
    again = imported(table)
    assert (first.new, first.repeated) == (20, 0)
    assert (again.new, again.superseding, again.repeated, again.things_made, again.datastreams_made) == (0, 0, 20, 0, 0)
    assert stored() == before
    with database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM observation_superseded")) == 0
        kinds = "SELECT count(*) FROM journal WHERE kind = 'sensing.observations.imported'"
        assert connection.scalar(text(kinds)) == 1


def test_a_corrected_file_supersedes_and_keeps_what_was_known(imported, stored, database):
    imported(HEAD + "01/05/2025 00:30,Tân An,1.0,\n")
    told = imported(HEAD + "01/05/2025 00:30,Tân An,1.5,\n")
    assert (told.new, told.superseding) == (0, 1)
    assert [row[3] for row in stored()] == [1.5]
    with database.connect() as connection:
        assert connection.scalars(text("SELECT result FROM observation_superseded")).all() == [1.0]


@pytest.mark.parametrize(("policy", "stands"), [("last", [3.0]), ("first", [1.0]), ("refuse", [])])
def test_two_values_for_one_time_are_settled_as_the_mapping_says(imported, stored, database, policy, stands):
    from tests.importing.conftest import RIVER

    rows = [f"01/05/2025 00:30,Tân An,{value},\n" for value in ("1.0", "2.0", "1.0", "3.0")]
    yaml = RIVER + f"duplicates: {policy}\n"
    for turn in range(2):  # and a repeat of the muddled file still changes nothing
        told = imported(HEAD + "".join(rows), yaml)
        assert [row[3] for row in stored()] == stands
        assert told.new == (len(stands) if turn == 0 else 0)
        assert told.superseding == 0
        assert told.accepted + told.refused == 4
    with database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM observation_superseded")) == 0


def test_a_station_that_is_not_there_is_refused_unless_the_mapping_makes_it(imported, stored, database):
    from tests.importing.conftest import RIVER

    known = HEAD + "01/05/2025 00:30,Tân An,1.0,\n"
    imported(known)
    closed = RIVER.replace("create: true, ", "")
    told = imported(known + "01/05/2025 00:30,Thủ Thừa,2.0,\n01/05/2025 09:30,Tân An,2.0,20\n", closed)
    assert (told.new, told.repeated, told.refused) == (1, 1, 2)
    reasons = {reason for _, reason in told.reasons}
    assert any("gauge-thu-thua" in reason for reason in reasons)
    assert any("no datastream of temperature" in reason for reason in reasons)
    assert len(stored()) == 2


def test_new_stations_belong_to_the_agency_the_mapping_names(imported, stored, database):
    from tests.importing.conftest import RIVER

    table, yaml = (
        HEAD + "01/05/2025 00:30,Tân An,1.0,\n",
        RIVER.replace("sharing: open", "sharing: open, agency: stnmt"),
    )
    with pytest.raises(NotFound, match="stnmt"):
        imported(table, yaml)
    with database.begin() as connection:
        connection.execute(text("INSERT INTO agency (id, code, name) VALUES (7, 'stnmt', 'Sở')"))
    imported(table, yaml)
    with database.connect() as connection:
        assert connection.execute(text("SELECT agency_id, sharing FROM thing")).all() == [(7, "open")]


def test_two_names_never_fall_together(imported, stored, database):
    told = imported(HEAD + "01/05/2025 00:30,Tân An,1,\n01/05/2025 00:30,Tấn An,2,\n01/05/2025 00:30,  tân an ,1,\n")
    assert [row[:1] + row[3:4] for row in stored()] == [("gauge-tan-an", 1.0)]
    assert (told.new, told.repeated, told.refused) == (1, 1, 1)


def test_a_unit_that_contradicts_the_datastream_is_refused(imported, database):
    from tests.importing.conftest import RIVER

    table = HEAD + "01/05/2025 00:30,Tân An,1,\n"
    imported(table)
    told = imported(table, RIVER.replace("unit: m, range: [-5, 20]", "unit: cm"))
    assert told.refused == 1
    assert any("is in m, the mapping says cm" in reason for _, reason in told.reasons)


@pytest.mark.parametrize("encode", [in_tcvn3, in_cp1258, lambda t: t.encode("utf-16"), lambda t: t.encode("utf-8-sig")])
def test_legacy_encodings_name_the_same_stations(imported, stored, database, encode):
    head = "thời gian;trạm;mực nước;nhiệt độ\r\n"
    told = imported(encode(head + "01/05/2025 00:30;Cầu Rạch Chanh;1.25 m;\r\n01/05/2025 00:30;Đức Hoà;2;\r\n"))
    assert [row[0] for row in stored()] == ["gauge-cau-rach-chanh", "gauge-duc-hoa"]
    assert told.new == 2
    with database.connect() as connection:
        assert set(connection.scalars(text("SELECT name FROM thing"))) == {"Cầu Rạch Chanh", "Đức Hoà"}


LONG = """
time: {column: t}
station:
  column: s
  code: "{slug}"
  create: true
  sharing: open
  list: {file: stations.csv, key: name, lon: lon, lat: lat, properties: {ward: ward}}
sensor: {code: feed, name: Feed}
long: {property: p, value: v, unit: u, ignore: [battery]}
only: {q: [ok]}
properties:
  wind-speed: {is: [gió, wind], unit: m/s, range: [0, 100]}
  sky: {kind: category}
  raining: {kind: truth}
  cars: {kind: count, unit: "{vehicle}"}
"""


def test_a_long_table_with_kinds_units_and_a_station_list(imported, stored, database, tmp_path):
    (tmp_path / "stations.csv").write_text("name,lon,lat,ward\nTân An,106.41,10.53,Long An\n", "utf-8")
    when = "2025-05-01T00:00:00Z"
    rows = ["t,s,p,v,u,q", f"{when},Tân An,Gió,36,km/h,ok", f"{when},Tân An,sky,quang,,ok", f"{when},Tân An,raining,Có,,ok",
            f"{when},Tân An,cars,12,,ok", f"{when},Tân An,cars,1.5,,ok", f"{when},Tân An,battery,3,,ok",
            f"{when},Tân An,xyz,3,,ok", f"{when},Tân An,wind,3,,bad", f"{when},Tân An,sky,,,ok",
            "2025-05-01T01:00:00Z,Tân An,wind,3,kg,ok", "2025-05-01T02:00:00Z,Tân An,wind,3,,ok"]  # fmt: skip
    told = imported("\n".join(rows) + "\n", LONG, stations=tmp_path / "stations.csv")
    assert stored() == [
        ("tan-an", "cars", at(when), 12.0, None),
        ("tan-an", "raining", at(when), None, "true"),
        ("tan-an", "sky", at(when), None, '"quang"'),
        ("tan-an", "wind-speed", at(when), 10.0, None),
        ("tan-an", "wind-speed", at("2025-05-01T02:00:00Z"), 3.0, None),
    ]
    assert (told.rows, told.rows_accepted, told.rows_refused, told.rows_empty, told.rows_ignored) == (11, 5, 4, 1, 1)
    assert (told.values, told.accepted, told.refused, told.empty, told.ignored) == (11, 5, 4, 1, 1)
    with database.connect() as connection:
        assert connection.execute(text("SELECT lon, lat FROM thing")).all() == [(106.41, 10.53)]


def test_parquet_and_excel_carry_the_same_values_as_text(imported, stored, database, tmp_path):
    from tests.importing.conftest import RIVER

    when = [datetime(2025, 5, 1, hour, tzinfo=UTC) for hour in range(3)]
    made = pa.table(
        {"thời gian": when, "trạm": ["Tân An"] * 3, "mực nước": [1.0, None, 3.0], "nhiệt độ": [20, 21, None]}
    )
    pq.write_table(made, tmp_path / "a.parquet")
    first = imported(tmp_path / "a.parquet", RIVER)
    assert (first.rows, first.new, first.empty) == (3, 4, 2)
    book = openpyxl.Workbook()
    book.active.append(["Thời gian", "Trạm", "Mực nước", "Nhiệt độ"])
    for row, moment in enumerate(when):
        local = (moment + timedelta(hours=7)).replace(tzinfo=None)
        book.active.append([local, "Tân An", (1.0, "N/A", "3,0")[row], (20, "21°C", None)[row]])
    book.save(tmp_path / "a.xlsx")
    again = imported(tmp_path / "a.xlsx", RIVER + 'decimal: ","\n')
    assert (again.rows, again.new, again.superseding, again.repeated, again.empty) == (3, 0, 0, 4, 2)
    assert len(stored()) == 4


def test_hourly_means_cover_their_hour(imported, database):
    from tests.importing.conftest import RIVER

    yaml = RIVER.replace("zone: Asia/Ho_Chi_Minh}", "zone: Asia/Ho_Chi_Minh, lasts: 1h, stamp: end}")
    imported(HEAD + "01/05/2025 08:00,Tân An,1,\n", yaml)
    with database.connect() as connection:
        assert connection.execute(text("SELECT at, until FROM observation")).all() == [
            (at("2025-05-01T00:00:00Z"), at("2025-05-01T01:00:00Z"))
        ]


def test_below_the_limit_says_so_in_the_quality(imported, database):
    from tests.importing.conftest import RIVER

    imported(HEAD + "01/05/2025 08:00,Tân An,<0.5,\n02/05/2025 08:00,Tân An,0.5,\n", RIVER + "below: half\n")
    with database.connect() as connection:
        rows = connection.execute(text("SELECT result, quality FROM observation ORDER BY at")).all()
    assert rows == [(0.25, '{"censored":"<"}'), (0.5, None)]


def test_a_dry_run_stores_nothing_and_counts_the_same(imported, stored, database):
    table = HEAD + "01/05/2025 00:30,Tân An,1.0,hỏng\n01/05/2025 00:30,Tân An,1.0,\n"
    dry = imported(table, dry_run=True)
    assert stored() == []
    with database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM thing")) == 0
    wet = imported(table)
    figures = ("rows", "rows_accepted", "rows_refused", "values", "accepted", "refused", "empty")
    assert [getattr(dry, name) for name in figures] == [getattr(wet, name) for name in figures]


def test_an_interrupted_import_is_finished_by_the_same_call(imported, stored, database, monkeypatch):
    monkeypatch.setattr(run, "BATCH", 10)
    table = HEAD + "".join(f"{d:02d}/05/2025 00:30,Tân An,{d / 10},\n" for d in range(1, 29))
    put, calls = ingest.put_now, []

    def fails(columns):
        calls.append(len(columns))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return put(columns)

    monkeypatch.setattr(ingest, "put_now", fails)
    with pytest.raises(KeyboardInterrupt):
        imported(table)
    assert len(stored()) == 10
    told = imported(table)
    assert (told.new, told.repeated) == (18, 10)
    assert len(stored()) == 28


@pytest.mark.soak
def test_a_big_table_is_read_in_bounded_memory(imported, mapped, tmp_path, database):
    imported(HEAD + "01/05/2025 00:30,Tân An,1,\n", dry_run=True)  # what every import holds: modules, packs
    path = tmp_path / "big.csv"
    start, chance = datetime(2020, 1, 1), random.Random(7)
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEAD)
        for n in range(200_000):
            moment = start + timedelta(minutes=10 * n)
            stream.write(f"{moment:%d/%m/%Y %H:%M},Tân An,{chance.random():.6f} m,{chance.uniform(15, 35):.4f}°C\n")
    tracemalloc.start()
    told = run.observations(path, mapped(), dry_run=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (told.rows, told.accepted, told.refused) == (200_000, 400_000, 0)
    # the cells of one chunk as Python texts, and the values set aside once, are all that is held
    assert peak < 80_000_000


def test_the_values_of_a_file_larger_than_one_part_stay_in_order(imported, stored, database, monkeypatch):
    monkeypatch.setattr(run, "_PART_BYTES", 200)
    table = HEAD + "".join(
        f"{d:02d}/{m:02d}/2025 00:30,Tân An,{m},\n" for m in range(12, 0, -1) for d in range(28, 0, -1)
    )
    told = imported(table)
    assert told.new == 336
    assert [row[2] for row in stored()] == sorted(row[2] for row in stored())


def test_all_faults_of_a_mapping_are_said_at_once_with_their_lines(mapped):
    with pytest.raises(BadInput) as caught:
        mapped("""
            time: {column: t, format: dd/MM, zone: Asia/Hanoi}
            station: {colum: s}
            properties:
              level: {column: a, unit: metres}
              x y: {column: b}
        """)
    said = str(caught.value)
    for part in ("mapping.yaml:2", "dd/MM", "Asia/Hanoi", "mapping.yaml:3", 'did you mean "column"', "mapping.yaml:6"):
        assert part in said
    with pytest.raises(BadInput, match=r"mapping\.yaml:2: properties\.a\.unit: 'metres'"):
        mapped("time: {column: t}\nproperties: {a: {column: b, unit: metres}}\nstation: {column: s}")


def test_the_commands_import_guess_and_export(database, tmp_path):
    table = tmp_path / "river.csv"
    table.write_text("Thời gian;Trạm;Mực nước (m);PM2.5 (µg/m³);Vị trí\n"
                     "01/05/2025 00:30;Tân An;1,25;12,5;10.53,106.41\n", "utf-8")  # fmt: skip
    app = Typer()
    app.command("observations")(cli.observations)
    app.add_typer(cli.export, name="export")
    call = CliRunner().invoke
    guessed = call(app, ["observations", str(table), "--guess"])
    assert guessed.exit_code == 0
    (tmp_path / "m.yaml").write_text(guessed.stdout, "utf-8")
    done = call(app, ["observations", str(table), "-m", str(tmp_path / "m.yaml")])
    assert done.exit_code == 0, done.output
    assert "rows   1 read = 1 accepted" in done.stdout
    assert "values 2 read = 2 accepted (2 new" in done.stdout
    out = tmp_path / "out.csv"
    assert (
        call(app, ["export", "observations", "-o", str(out), "--property", "pm25", "--from", "2025-05-01"]).exit_code
        == 0
    )
    rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    assert [(row["phenomenon_time"], row["property"], row["result"]) for row in rows] == [
        ("2025-04-30T17:30:00.000Z", "pm25", "12.5")
    ]
    for wrong in (["-m", str(tmp_path / "none.yaml")], []):
        assert isinstance(call(app, ["observations", str(table), *wrong]).exception, BadInput)
    with database.connect() as connection:
        assert connection.execute(text("SELECT lon, lat FROM thing")).all() == [(106.41, 10.53)]


def test_an_export_reads_back_the_same(imported, stored, database, tmp_path):
    from dothi.sensing.tabular import export

    imported(HEAD + "".join(f"{d:02d}/05/2025 00:30,{s},{d},{d}\n" for d in range(1, 21) for s in ("A", "B")))
    for name in ("out.parquet", "out.csv.gz"):
        assert export.observations(tmp_path / name, export.Choice(), progress=lambda _n: None) == 80
        yaml = """
            time: {column: phenomenon_time}
            station: {column: thing, code: "{value}"}
            long: {property: property, value: result}
            properties: {level: {unit: m}, temperature: {unit: Cel}}
        """
        told = imported(tmp_path / name, yaml)
        assert (told.rows, told.repeated, told.new) == (80, 80, 0)
    chosen = export.Choice(things=("gauge-a",), properties=("level",), since=at("2025-05-10T00:00:00Z"))
    assert export.observations(tmp_path / "some.csv", chosen) == 10
    with pytest.raises(BadInput, match="not a format"):
        export.observations(tmp_path / "x.xls", chosen)


def test_export_pages_lose_nothing(imported, database, tmp_path, monkeypatch):
    from dothi.sensing.tabular import export

    monkeypatch.setattr(export, "PAGE", 7)
    imported(HEAD + "".join(f"{d:02d}/05/2025 00:30,A,{d / 10},\n" for d in range(1, 22)))
    assert export.observations(tmp_path / "all.csv", export.Choice()) == 21


def test_a_guess_of_plain_english_columns(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text(
        'id,location,observedAt,temperature,aqi,comment\nx-1,"10.7,106.7",2025-12-10T08:00:00Z,32.5,85,fine\n', "utf-8"
    )
    said = guess.mapping_for(table)
    for part in (
        "column: observedAt",
        "location: location",
        'order: "lat,lon"',
        "air-temperature:",
        "other-aqi:",
        "# comment:",
    ):
        assert part in said, said


@pytest.mark.parametrize(
    "name",
    [
        "air-cities",
        "air-measurements",
        "air-observed",
        "weather-observed",
        "flood-sensor",
        "flood-zone",
        "traffic-flow",
    ],
)
def test_the_examples_of_the_guide_are_mappings(name):
    from pathlib import Path

    from dothi.sensing.tabular import mapping

    made, _ = mapping.load(Path(__file__).parents[2] / "docs/guide/examples" / f"{name}.yaml")
    assert mapping.properties(made)
