"""GTFS (gtfs.org reference, static) as a Timetable: strict about what would mislead, forgiving where real feeds are sloppy.

What is forgiven is said by name (faults.KINDS), with file, row, field and value; a row is read or refused, never both.
"""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from dothi.kit.text import fold, nfc
from dothi.transit import values
from dothi.transit.faults import Findings
from dothi.transit.model import Days, Timetable
from dothi.transit.opening import Opened, Table
from dothi.transit.stop_times import read_calls

ZONE = "Asia/Ho_Chi_Minh"
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COLUMNS: dict[str, tuple[str, ...]] = {
    "agency.txt": ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang", "agency_phone"),
    "stops.txt": (
        "stop_id", "stop_code", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station",
        "wheelchair_boarding", "platform_code",
    ),
    "routes.txt": (
        "route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_url", "route_color",
        "route_text_color", "route_sort_order",
    ),
    "calendar.txt": ("service_id", *_WEEK, "start_date", "end_date"),
    "calendar_dates.txt": ("service_id", "date", "exception_type"),
    "trips.txt": (
        "route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "block_id", "shape_id", "wheelchair_accessible",
    ),
    "frequencies.txt": ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"),
    "stop_times.txt": (
        "trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "stop_headsign", "pickup_type", "drop_off_type",
    ),
    "shapes.txt": ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
}  # fmt: skip


def parse(opened: Opened) -> Timetable:
    """The timetable of an opened feed with everything found on the way."""
    findings = Findings()
    made = Timetable(opened.name, opened.sha256, ZONE, findings)
    for name in opened.others:
        findings.note("not-read", name)
    reader = _Reader(opened, made)
    for step in (
        reader.agencies, reader.stops, reader.lines, reader.services, reader.exceptions, reader.shapes, reader.trips,
        reader.frequencies, reader.calls,
    ):  # fmt: skip
        step()
    if not made.services:
        findings.note("no-days", "calendar.txt")
    return made


class _Reader:
    """Reads file after file; later ones refer to earlier ones."""

    def __init__(self, opened: Opened, made: Timetable) -> None:
        self.opened, self.made, self.note = opened, made, made.findings.note
        self.stop_numbers: dict[str, int] = {}
        self.line_numbers: dict[str, int] = {}
        self.trip_numbers: dict[str, int] = {}
        self.agency_names: dict[str, str] = {}

    def table(self, name: str, *needed: str, expected: bool = False) -> Table | None:
        """A file ready to be read; None where it is missing or has not what it must."""
        body = self.opened.files.get(name)
        if body is None:
            if expected:
                self.note("missing-file", name)
            return None
        table = Table(name, body, COLUMNS[name], self.made.findings)
        if table.has(*needed):
            return table
        self.done(table, 0)
        return None

    def done(self, table: Table, accepted: int) -> None:
        """The file's reckoning."""
        self.made.findings.count(table.name, table.read, accepted)

    def choice(self, place: tuple[str, int, str], text: str, most: int) -> int:
        """One of GTFS's numbered choices; anything else is 0, and said."""
        value = values.whole(text, 0, most)
        if value is None:
            self.note("bad-choice", *place, text, f"0 to {most}")
        return value or 0

    def agencies(self) -> None:
        """agency.txt: who runs the lines, and by which clock."""
        name = "agency.txt"
        table = self.table(name, "agency_name", expected=True)
        if table is None:
            return
        accepted = 0
        for row, (id_, title, url, zone, phone) in table.rows(
            "agency_id", "agency_name", "agency_url", "agency_timezone", "agency_phone"
        ):
            if not title:
                self.note("missing-value", name, row, "agency_name")
                continue
            accepted += 1
            if not self.made.agencies:
                if _is_zone(zone):
                    self.made.timezone = zone
                else:
                    self.note("timezone", name, row, "agency_timezone", zone, f"an IANA time zone; {ZONE} is taken")
            self.agency_names[id_] = nfc(title)
            self.made.agencies.append({"id": id_, "name": nfc(title), "url": url[:300], "phone": phone[:60]})
        self.done(table, accepted)

    def stops(self) -> None:
        """stops.txt: stops, stations, entrances; a station may come after its platforms."""
        name = "stops.txt"
        table = self.table(name, "stop_id", "stop_lat", "stop_lon")
        if table is None:
            return
        parents: list[tuple[int, int, str]] = []
        for row, (id_, code, title, lat, lon, kind, parent, wheel, platform) in table.rows(
            "stop_id", "stop_code", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station",
            "wheelchair_boarding", "platform_code",
        ):  # fmt: skip
            if not self._key(name, row, "stop_id", id_, self.stop_numbers):
                continue
            sort = self.choice((name, row, "location_type"), kind, 4)
            where = values.position(lat, lon)
            if where is None and (sort < 3 or lat or lon):
                self.note("bad-position", name, row, "stop_lat,stop_lon", f"{lat},{lon}", "degrees, WGS 84, not 0,0")
                continue
            if not title:
                self.note("name-missing", name, row, "stop_name", "", "the stop's name; its id is shown")
            number = self.stop_numbers[id_] = len(self.made.stops)
            if parent:
                parents.append((number, row, parent))
            shown = nfc(title or id_)
            self.made.stops.append({
                "number": number, "stop_id": id_, "code": code, "name": shown, "folded": fold(f"{shown} {code} {id_}"),
                "lat": where[0] if where else None, "lon": where[1] if where else None, "kind": sort, "parent": None,
                "wheelchair": self.choice((name, row, "wheelchair_boarding"), wheel, 2), "platform": platform,
            })  # fmt: skip
        for number, row, parent in parents:
            found = self.stop_numbers.get(parent)
            if found is None or found == number:
                self.note("station-missing", name, row, "parent_station", parent, "a stop_id of stops.txt")
            else:
                self.made.stops[number]["parent"] = found
        self.done(table, len(self.made.stops))

    def lines(self) -> None:
        """routes.txt."""
        name = "routes.txt"
        table = self.table(name, "route_id", "route_type")
        if table is None:
            return
        for row, (id_, agency, short, long, kind, url, colour, ink, rank) in table.rows(
            "route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_url", "route_color",
            "route_text_color", "route_sort_order",
        ):  # fmt: skip
            if not self._key(name, row, "route_id", id_, self.line_numbers):
                continue
            sort = values.whole(kind, None, 1702)
            if sort is None:
                self.note("bad-number", name, row, "route_type", kind, "0 to 12, or an extended type to 1702")
                continue
            if not short and not long:
                self.note("name-missing", name, row, "route_short_name", "", "a short or a long name; the id is shown")
            number = self.line_numbers[id_] = len(self.made.lines)
            name1, name2 = nfc(short or ("" if long else id_)), nfc(long)
            self.made.lines.append({
                "number": number, "route_id": id_, "agency": self._agency(agency), "short": name1, "long": name2,
                "folded": fold(f"{name1} {name2} {id_}"), "kind": sort, "colour": self._colour(name, row, "route_color", colour),
                "ink": self._colour(name, row, "route_text_color", ink), "url": url[:300], "rank": values.whole(rank, number) or 0,
            })  # fmt: skip
        self.done(table, len(self.made.lines))

    def services(self) -> None:
        """calendar.txt: days of the week between two dates."""
        name = "calendar.txt"
        expected = "calendar_dates.txt" not in self.opened.files
        table = self.table(name, "service_id", *_WEEK, "start_date", "end_date", expected=expected)
        if table is None:
            return
        for row, (id_, *week, start, end) in table.rows("service_id", *_WEEK, "start_date", "end_date"):
            if not self._key(name, row, "service_id", id_, self.made.services):
                continue
            wrong = [(_WEEK[i], text) for i, text in enumerate(week) if text not in ("0", "1")]
            for column, text in wrong:
                self.note("bad-number", name, row, column, text, "0 or 1")
            first, last = values.day(start), values.day(end)
            for column, text, value in (("start_date", start, first), ("end_date", end, last)):
                if value is None:
                    self.note("bad-date", name, row, column, text, "YYYYMMDD, as 20261122")
            if wrong or first is None or last is None:
                continue
            self.made.services[id_] = Days(sum(1 << i for i, text in enumerate(week) if text == "1"), first, last)
        self.done(table, len(self.made.services))

    def exceptions(self) -> None:
        """calendar_dates.txt: holidays and extra days; alone it may be the whole calendar."""
        name, accepted = "calendar_dates.txt", 0
        table = self.table(name, "service_id", "date", "exception_type")
        if table is None:
            return
        for row, (id_, date, kind) in table.rows("service_id", "date", "exception_type"):
            day = values.day(date)
            if not id_:
                self.note("missing-value", name, row, "service_id")
            elif day is None:
                self.note("bad-date", name, row, "date", date, "YYYYMMDD, as 20261122")
            elif kind not in ("1", "2"):
                self.note("bad-number", name, row, "exception_type", kind, "1 (runs) or 2 (does not)")
            else:
                accepted += 1
                days = self.made.services.setdefault(id_, Days())
                (days.added if kind == "1" else days.removed).add(day)
        self.done(table, accepted)

    def shapes(self) -> None:
        """shapes.txt: points in the order of their sequence."""
        name, accepted = "shapes.txt", 0
        table = self.table(name, *COLUMNS["shapes.txt"])
        if table is None:
            return
        found: dict[str, list[tuple[int, float, float]]] = {}
        for row, (id_, lat, lon, sequence) in table.rows(*COLUMNS["shapes.txt"]):
            where, place = values.position(lat, lon), values.whole(sequence)
            if not id_:
                self.note("missing-value", name, row, "shape_id")
            elif where is None:
                self.note("bad-position", name, row, "shape_pt_lat,shape_pt_lon", f"{lat},{lon}", "degrees, WGS 84")
            elif place is None:
                self.note("bad-number", name, row, "shape_pt_sequence", sequence, "a whole number from 0")
            else:
                accepted += 1
                found.setdefault(id_, []).append((place, where[1], where[0]))
        for id_, points in found.items():
            points.sort(key=lambda one: one[0])
            if len(points) > 1:
                self.made.shapes[id_] = [[round(x, 6), round(y, 6)] for _, x, y in points]
        self.done(table, accepted)

    def trips(self) -> None:
        """trips.txt."""
        name = "trips.txt"
        table = self.table(name, "route_id", "service_id", "trip_id")
        if table is None:
            return
        for row, (route, service, id_, headsign, direction, block, shape, wheel) in table.rows(*COLUMNS[name]):
            line = self.line_numbers.get(route)
            if not self._key(name, row, "trip_id", id_, self.trip_numbers):
                continue
            if line is None:
                self.note("no-such", name, row, "route_id", route, "a route_id of routes.txt")
                continue
            if service not in self.made.services:
                self.note(
                    "no-such", name, row, "service_id", service, "a service_id of calendar.txt or calendar_dates.txt"
                )
                continue
            if shape and shape not in self.made.shapes:
                self.note("bad-choice", name, row, "shape_id", shape, "a shape_id of shapes.txt")
            number = self.trip_numbers[id_] = len(self.made.trips)
            self.made.trips.append({
                "number": number, "trip_id": id_, "line": line, "service": service, "headsign": nfc(headsign),
                "direction": self.choice((name, row, "direction_id"), direction, 1), "block": block, "shape": shape if shape in self.made.shapes else "",
                "wheelchair": self.choice((name, row, "wheelchair_accessible"), wheel, 2), "first": None, "last": None,
                "stops": 0, "frequencies": None,
            })  # fmt: skip
        self.done(table, len(self.made.trips))

    def frequencies(self) -> None:
        """frequencies.txt: a trip that leaves every so many seconds."""
        name, accepted = "frequencies.txt", 0
        table = self.table(name, "trip_id", "start_time", "end_time", "headway_secs")
        if table is None:
            return
        for row, (id_, start, end, headway, exact) in table.rows(*COLUMNS[name]):
            first, last, every = values.seconds(start), values.seconds(end), values.whole(headway)
            trip = self.trip_numbers.get(id_)
            if trip is None:
                self.note("no-such", name, row, "trip_id", id_, "a trip_id of trips.txt")
            elif first is None or last is None or last <= first:
                self.note("bad-time", name, row, "start_time,end_time", f"{start},{end}", "HH:MM:SS, the end later")
            elif not every:
                self.note("bad-number", name, row, "headway_secs", headway, "seconds, more than 0")
            else:
                accepted += 1
                kept = self.made.trips[trip]["frequencies"] or []
                exactly = self.choice((name, row, "exact_times"), exact, 1)
                self.made.trips[trip]["frequencies"] = sorted([*kept, [first, last, every, exactly]])
        self.done(table, accepted)

    def calls(self) -> None:
        """stop_times.txt."""
        table = self.table("stop_times.txt", "trip_id", "stop_id", "stop_sequence")
        if table is not None:
            self.done(table, read_calls(table, self.made, self.trip_numbers, self.stop_numbers))

    def _key(self, name: str, row: int, column: str, value: str, taken: dict[str, Any]) -> bool:
        if not value:
            self.note("missing-value", name, row, column)
        elif len(value) > 200 or not value.isprintable():
            self.note("bad-choice", name, row, column, value, "a printable id of at most 200 characters")
        elif value in taken:
            self.note("duplicate-key", name, row, column, value, "an id not used before")
        else:
            return True
        return False

    def _colour(self, name: str, row: int, column: str, text: str) -> str:
        found = values.colour(text) if text else ""
        if found is None:
            self.note("bad-colour", name, row, column, text, "six hexadecimal digits, as 1D4A86")
        return found or ""

    def _agency(self, id_: str) -> str:
        only = next(iter(self.agency_names.values()), "") if len(self.agency_names) == 1 else ""
        return self.agency_names.get(id_, only)


def _is_zone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except Exception:
        return False
    return bool(text)


Parse = Callable[[Opened], Timetable]
