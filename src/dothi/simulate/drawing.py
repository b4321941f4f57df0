"""Draws the demonstration city's own datasets from its sketched river, roads and wards: `python -m dothi.simulate.drawing CITY`.

Everything drawn is invented, and says so. The same sketch gives the same files; they are kept beside city.yaml. Names
after the city draw these files only: `… cities/phan-thiet waste-bins traffic-parking`.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from dothi.city import blueprint as blueprints
from dothi.city.spread import Spot, spots
from dothi.city.spread import read_sketch as read_lines
from dothi.kit.text import fold
from dothi.simulate.luck import chance, pick

SOURCE = "phác thảo mô phỏng của dothi, không phải hồ sơ thật"
_METRES = 111_195.0  # of a degree of latitude, on a sphere of 6 371 km
HALF_WIDTHS = {"expressway": 28.0, "road": 11.0}  # metres from the middle of a road to the edge of its land
RESERVES = {"expressway": 110.0, "road": 45.0, "river": 30.0, "canal": 12.0}  # metres, our own assumption
SMALLEST = 600.0  # m²: smaller scraps of a zone are left out

Feature = dict[str, Any]


class Plane:
    """Metres east and north of a point: good to a per mille over a city."""

    def __init__(self, lon: float, lat: float) -> None:
        self.lon, self.lat = lon, lat
        self.scale = math.cos(math.radians(lat))

    def metres(self, shape: BaseGeometry) -> BaseGeometry:
        """Degrees to metres."""
        return shapely.transform(shape, lambda xy: (xy - [self.lon, self.lat]) * [_METRES * self.scale, _METRES])

    def degrees(self, shape: BaseGeometry) -> BaseGeometry:
        """Metres to degrees, about one metre fine."""
        back = shapely.transform(shape, lambda xy: xy / [_METRES * self.scale, _METRES] + [self.lon, self.lat])
        return shapely.set_precision(back, 1e-5)


class Town:
    """The sketch in metres: wards, water, roads, built-up land."""

    def __init__(self, folder: Path) -> None:
        self.blueprint, _ = blueprints.load(folder)
        base = json.loads((folder / (self.blueprint.places.base or "base.geojson")).read_text("utf-8"))
        wards = json.loads((folder / (self.blueprint.places.wards or "wards.geojson")).read_text("utf-8"))
        self.plane = Plane(*self.blueprint.centre)
        self.lines = read_lines(folder / "base.geojson", folder / "wards.geojson")
        flat = self.plane.metres
        self.wards = {
            str(f["properties"]["name"]): flat(shapely.geometry.shape(f["geometry"])) for f in wards["features"]
        }
        self.city = shapely.union_all(list(self.wards.values())).buffer(0)
        shapes: dict[str, list[tuple[str, BaseGeometry]]] = {}
        for feature in base["features"]:
            made = flat(shapely.geometry.shape(feature["geometry"]))
            shapes.setdefault(feature["properties"]["kind"], []).append((feature["properties"]["name"] or "", made))
        self.water = {kind: dict(shapes.get(kind, [])) for kind in ("river", "canal")}
        self.roads = {kind: shapes.get(kind, []) for kind in ("expressway", "road")}
        self.urban = shapely.union_all([shape.buffer(0) for _, shape in shapes.get("urban", [])])
        self.wet = shapely.union_all([shape.buffer(0) for kind in self.water.values() for shape in kind.values()])
        self.paved = shapely.union_all([
            shape.buffer(HALF_WIDTHS[kind], cap_style="flat") for kind in self.roads for _, shape in self.roads[kind]
        ])  # fmt: skip

    def group(self, start: str) -> list[Spot]:
        """The places of the sensors whose code starts so."""
        group = next(one for _, one in self.blueprint.groups() if one.code.startswith(start))
        return spots(group.at, self.lines)


def cells(area: BaseGeometry, every: float, seed: str) -> list[Polygon]:
    """An area cut into cells about so many metres wide, from south-west to north-east."""
    west, south, east, north = area.bounds
    points = [
        Point(west + every * (i + 0.2 + 0.6 * chance(seed, i, j)), south + every * (j + 0.2 + 0.6 * chance(seed, j, i, 1)))
        for j in range(-1, int((north - south) // every) + 2)
        for i in range(-1, int((east - west) // every) + 2)
    ]  # fmt: skip
    around = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=area.envelope)
    return sorted(around.geoms, key=lambda one: (round(one.centroid.y), round(one.centroid.x)))


def whole(shape: BaseGeometry) -> MultiPolygon | None:
    """The polygons of a shape without scraps; None when nothing is left."""
    parts = [p for p in shapely.get_parts(shape) if isinstance(p, Polygon) and p.area >= SMALLEST]
    return MultiPolygon(parts) if parts else None


URBAN = {"ODT": 52, "TMD": 11, "DGD": 6, "DYT": 2.5, "TSC": 5, "DKV": 9, "SKC": 4, "CLN": 6}
RURAL = {"LUA": 46, "CLN": 20, "ONT": 17, "NTS": 6, "SKC": 4, "DKV": 1.5, "DGD": 1.5, "TMD": 2}


def land_use(town: Town) -> Iterator[Feature]:
    """Zones that cover the wards: water, roads, and cells between them."""
    taken = shapely.union_all([town.wet, town.paved])
    for ward, shape in town.wards.items():
        short = "".join(word[0] for word in fold(ward).split()).upper()
        count = 0
        for kind, covered in (
            ("SON", shape.intersection(town.wet)),
            ("DGT", shape.intersection(town.paved).difference(town.wet)),
        ):
            made = whole(covered)
            if made is not None:
                yield _zone(town, f"{short}-{kind}", kind, made, kept=True, was=kind)
        free = shape.difference(taken)
        built = shape.intersection(town.urban)
        pieces = (
            [(cell, built.difference(taken), URBAN) for cell in cells(built, 430, ward)] if not built.is_empty else []
        )
        pieces += [(cell, free.difference(town.urban), RURAL) for cell in cells(shape, 950, ward + "2")]
        for cell, inside, weights in pieces:
            made = whole(cell.intersection(inside))
            if made is None:
                continue
            count += 1
            kind = pick(weights, ward, count)
            kept = chance(ward, count, "kept") < (0.8 if weights is URBAN else 0.65)
            was = kind if kept or kind in ("LUA", "CLN") else pick({"LUA": 3, "CLN": 2}, ward, count, "was")
            yield _zone(town, f"{short}-{count:03}", kind, made, kept=was == kind, was=was)


def _zone(town: Town, code: str, kind: str, shape: MultiPolygon, *, kept: bool, was: str) -> Feature:
    return feature(town, code, shape, {
        "code": code, "land_type": kind, "area": round(shape.area / 10_000, 2), "change": "kept" if kept else "converted",
        "from_type": was, "period": "2026–2030", "plan": "QHSDD-TA",
    })  # fmt: skip


def plans(town: Town) -> Iterator[Feature]:
    """Five plans in every state of consultation."""
    river = shapely.union_all(list(town.water["river"].values()))
    centre = town.wards["Long An"].intersection(town.urban).buffer(120).buffer(-120)
    south = town.wards["Khánh Hậu"]
    rows: list[tuple[str, str, str, int, BaseGeometry, dict[str, Any]]] = [
        ("QHC-TA", "Quy hoạch chung đô thị Tân An (mô phỏng)", "general", 10000, town.city,
         {"consultation": "adopted", "decision": "MP-01/QĐ", "decided_on": "2025-12-18", "consulted_from": "2025-08-01",
          "consulted_until": "2025-09-15", "comments": 312, "prepared_by": "Sở Xây dựng"}),
        ("QHSDD-TA", "Quy hoạch sử dụng đất 2026–2030 (mô phỏng)", "land-use", 10000, town.city,
         {"consultation": "open", "consulted_from": "2026-11-01", "consulted_until": "2026-12-31", "comments": 47,
          "prepared_by": "Sở Nông nghiệp và Môi trường"}),
        ("QHPK-LA", "Phân khu trung tâm phường Long An (mô phỏng)", "zone", 2000, centre,
         {"consultation": "open", "consulted_from": "2026-11-10", "consulted_until": "2027-01-10", "comments": 18,
          "prepared_by": "Sở Xây dựng"}),
        ("QHCT-VS", "Chi tiết dải ven sông Vàm Cỏ Tây (mô phỏng)", "detail", 500,
         river.buffer(160).difference(river).intersection(town.urban),
         {"consultation": "upcoming", "consulted_from": "2027-02-01", "consulted_until": "2027-03-15",
          "prepared_by": "UBND phường Long An"}),
        ("QHPK-KH", "Phân khu Khánh Hậu (mô phỏng)", "zone", 5000, south,
         {"consultation": "closed", "consulted_from": "2026-06-01", "consulted_until": "2026-07-15", "comments": 96,
          "prepared_by": "Sở Xây dựng"}),
    ]  # fmt: skip
    for code, name, kind, scale, shape, rest in rows:
        made = whole(shapely.simplify(shape, 4))
        if made is not None:
            yield feature(town, code, made, {"code": code, "name": name, "kind": kind, "scale": scale, **rest})


FUNCTIONS = {"housing": 50.0, "mixed": 16.0, "services": 12.0, "public": 12.0, "green": 10.0}
# share of the block built on (%), storeys: lowest and highest of each function
BUILT = {"housing": ((55, 80), (3, 6)), "mixed": ((45, 60), (7, 22)), "services": ((40, 60), (5, 15)),
         "public": ((30, 40), (3, 7)), "green": ((2, 5), (1, 1))}  # fmt: skip


def zoning(town: Town) -> Iterator[Feature]:
    """Blocks of built-up land with their parameters; tall and mixed near the centre."""
    taken = shapely.union_all([town.wet, town.paved])
    count = 0
    for cell in cells(town.urban, 290, "zoning"):
        made = whole(cell.intersection(town.urban).intersection(town.city).difference(taken))
        if made is None:
            continue
        count += 1
        code = f"{'ABCDEFGHJKLM'[min(11, count // 20)]}-{count % 20 + 1:02}"
        near = max(0.0, 1 - made.centroid.distance(Point(0, 0)) / 2500)
        function = pick({**FUNCTIONS, "mixed": 16 + 40 * near}, "zoning", count)
        (least, most), (low, high) = BUILT[function]
        density = 5 * round((least + (most - least) * chance(code, "density")) / 5)
        floors = round(low + (high - low) * (0.35 * chance(code, "floors") + 0.65 * near))
        area = round(made.area / 10_000, 2)
        people = round(area * density / 100 * floors * 60 / 10) * 10 if function in ("housing", "mixed") else 0
        yield feature(town, code, made, {
            "code": code, "name": f"Ô phố {code}", "function": function, "building_density": max(density, 3),
            "floor_area_ratio": round(max(density, 3) * floors / 100, 2), "floors": floors,
            "height": round(floors * 3.6 + 1.2, 1), "area": area, "population": people, "plan": "QHPK-LA",
        })  # fmt: skip


def corridors(town: Town) -> Iterator[Feature]:
    """Reserves along roads, and the protected banks of river and canal."""
    near = town.city.buffer(150)
    rows: list[tuple[str, str, BaseGeometry, float]] = []
    for kind, width in RESERVES.items():
        if kind in town.roads:
            for name, line in town.roads[kind]:
                cut = line.intersection(near)
                rows.append((kind, name, cut.buffer(width / 2, cap_style="flat", join_style="mitre"), cut.length))
        else:
            for name, shape in town.water[kind].items():
                cut = shape.intersection(near)
                rows.append((kind, name, cut.buffer(width).difference(shape).intersection(near), cut.length / 2))
    for n, (kind, name, shape, length) in enumerate(rows, 1):
        made = whole(shapely.simplify(shape, 1.5))
        if made is not None:
            bank = kind in town.water
            yield feature(town, f"HL-{n:02}", made, {
                "code": f"HL-{n:02}", "name": f"{'Bờ' if bank else 'Lộ giới'} {name}", "kind": kind,
                "width": RESERVES[kind], "length": round(length), "basis": "Giả định cho dữ liệu mô phỏng", "plan": "QHC-TA",
            })  # fmt: skip


def cabinets(town: Town) -> Iterator[Feature]:
    """Where the lighting sensors stand, under the same codes."""
    for n, spot in enumerate(town.group("LGT-"), 1):
        code = f"LGT-{n:03}"
        yield point(code, spot, {
            "code": code, "road": spot.road, "capacity": spot.properties.get("installed_kw", round(8 + 14 * chance(code), 1)),
            "installed_on": f"{2015 + int(9 * chance(code, 'year'))}-{1 + int(12 * chance(code, 'month')):02}-15",
            "customer_code": f"MP{n:06}",
        })  # fmt: skip


def waste_bins(town: Town) -> Iterator[Feature]:
    """Where the fill sensors hang, under the same codes: large ones at the market and the hospital."""
    for n, spot in enumerate(town.group("BIN-"), 1):
        code = f"{town.blueprint.prefix or ''}BIN-{n:03}"
        kind = pick({"mixed": 0.74, "recyclable": 0.18, "organic": 0.08}, code, "kind")
        yield point(code, spot, {
            "code": code, "place": f"{spot.road}, thùng {n}" if spot.road else f"Khu đông người, thùng {n}",
            "volume": 240 if kind != "mixed" else 660 if spot.road else 1100, "kind": kind, "sensor": code,
        })  # fmt: skip


def car_parks(town: Town) -> Iterator[Feature]:
    """The car parks whose free spaces are counted, under the codes of their sensors."""
    for n, spot in enumerate(town.group("PARK-"), 1):
        code = f"{town.blueprint.prefix or ''}PARK-{n:02}"
        spaces = int(spot.properties["spaces"])
        yield point(code, spot, {
            "code": code, "name": f"{spot.name.vi} (mô phỏng)", "kind": "lot", "spaces": spaces,
            "motorbikes": 100 * round(spaces / 20), "accessible": 1 + spaces // 40, "price": 10000,
            "charging": int(2 * chance(code, "charging")), "opens": "05:00", "closes": "22:00", "sensor": code,
        })  # fmt: skip


def lamps(town: Town) -> Iterator[Feature]:
    """Lamps along the lit roads, each fed by the nearest cabinet of its road."""
    feeding = town.group("LGT-")
    count = 0
    for road in dict.fromkeys(spot.road for spot in feeding if spot.road):
        own = [(f"LGT-{n:03}", spot) for n, spot in enumerate(feeding, 1) if spot.road == road]
        at = blueprints.At.model_validate({"along": [{"name": road, "every": 75, "start": 20, "offset": 9}]})
        for spot in spots(at, town.lines):
            count += 1
            code = f"D-{count:04}"
            fed = min(own, key=lambda one: math.hypot(one[1].lon - spot.lon, one[1].lat - spot.lat))
            led = chance(road, "led") < 0.7
            yield point(code, spot, {
                "code": code, "cabinet": fed[0], "road": road, "kind": "led" if led else "sodium",
                "power": (80, 120, 150)[int(3 * chance(road, "power"))] if led else 250, "height": 9 if led else 11,
                "condition": pick({"working": 93, "dim": 4, "out": 3}, code),
                "installed_on": f"{(2022 if led else 2014) + int(4 * chance(road, 'year'))}-06-30",
            })  # fmt: skip


def flood_spots(town: Town) -> Iterator[Feature]:
    """Every other flood sensor's place, with what floods there."""
    for n, spot in enumerate(town.group("FLD-")[::2], 1):
        code = f"NG-{n:02}"
        depth = round(8 + 52 * chance(code, "depth") ** 1.8)
        yield point(code, spot, {
            "code": code, "name": f"{spot.road}, đoạn {n}", "road": spot.road, "depth": depth,
            "duration": 5 * round((20 + 3.4 * depth) / 5), "cause": pick({"rain": 4, "tide": 3, "both": 3}, code),
            "times": 1 + int(14 * chance(code, "times")), "surveyed_on": f"2026-{7 + int(4 * chance(code, 'month')):02}-12",
        })  # fmt: skip


LEVELS = {"kindergarten": ("Trường Mầm non", "MN", 9, 260), "primary": ("Trường Tiểu học", "TH", 8, 780),
          "lower-secondary": ("Trường THCS", "CS", 5, 1050), "upper-secondary": ("Trường THPT", "PT", 3, 1380)}  # fmt: skip


def schools(town: Town) -> Iterator[Feature]:
    """Schools at invented places."""
    for level, (word, short, count, pupils) in LEVELS.items():
        for n, spot in enumerate(_scattered(town, count, level), 1):
            size = round(pupils * (0.6 + 0.8 * chance(level, n)))
            yield point(f"{short}-{n:02}", spot, {
                "code": f"{short}-{n:02}", "name": f"{word} số {n} (mô phỏng)", "level": level, "pupils": size,
                "classes": max(1, round(size / 34)), "public": chance(level, n, "public") < 0.85,
            })  # fmt: skip


def health_stations(town: Town) -> Iterator[Feature]:
    """Hospitals, ward stations and clinics at invented places."""
    for kind, word, short, count, beds in (
        ("hospital", "Bệnh viện", "BV", 2, 420), ("station", "Trạm y tế", "TYT", 6, 6), ("clinic", "Phòng khám", "PK", 5, 4),
    ):  # fmt: skip
        for n, spot in enumerate(_scattered(town, count, kind), 1):
            yield point(f"{short}-{n:02}", spot, {
                "code": f"{short}-{n:02}", "name": f"{word} số {n} (mô phỏng)", "kind": kind,
                "beds": round(beds * (0.6 + 0.9 * chance(kind, n))), "open_at_night": kind == "hospital" or chance(kind, n, 1) < 0.3,
            })  # fmt: skip


# code, name, where, looking towards (degrees), agency, kind, scene, privacy class
_CAMERAS = (
    ("CAM-01", "Hùng Vương – Nguyễn Huệ", (106.4126, 10.5411), 75, "so-xay-dung", "mjpeg", "street", "public"),
    ("CAM-02", "Cầu Tân An, bờ bắc", (106.4166, 10.5421), 110, "so-xay-dung", "mjpeg", "street", "public"),
    ("CAM-03", "Trạm thủy văn Tân An", (106.4254, 10.5392), 40, "so-nnmt", "still", "river", "public"),
    ("CAM-04", "Võ Văn Tần – Nguyễn Đình Chiểu", (106.4118, 10.5371), 200, "so-xay-dung", "mjpeg", "street", "public"),
    ("CAM-05", "Chợ Tân An", (106.4130, 10.5374), 320, "p-long-an", "still", "street", "restricted"),
    ("CAM-06", "Nút giao cao tốc", (106.3792, 10.5556), 15, "so-xay-dung", "mjpeg", "street", "public"),
    ("CAM-07", "Bệnh viện, cổng cấp cứu", (106.4190, 10.5337), 270, "p-tan-an", "still", "street", "sensitive"),
    ("CAM-08", "Châu Thị Kim, đoạn trũng", (106.4543, 10.5086), 130, "so-xay-dung", "mjpeg", "street", "public"),
)
_RETENTION = {
    "public": "7 ngày, giám sát giao thông và ngập (mô phỏng)",
    "restricted": "3 ngày, an toàn nơi đông người (mô phỏng)",
    "sensitive": "Không ghi, chỉ xem trực tiếp (mô phỏng)",
}


def cameras(_: Town) -> Iterator[Feature]:
    """Invented cameras that show the drawn test source and nothing else."""
    for code, name, (lon, lat), direction, agency, kind, scene, privacy in _CAMERAS:
        yield point(code, Spot(lon, lat), {
            "code": code, "name": f"{name} (mô phỏng)", "direction": direction, "agency": agency, "privacy": privacy,
            "retention": _RETENTION[privacy], "kind": kind, "stream_url": f"test:{scene}",
        })  # fmt: skip


def _scattered(town: Town, count: int, seed: str) -> list[Spot]:
    """So many places on dry, built-up land, in turn inside each ward."""
    inside = [
        area for ward in town.wards.values()
        if not (area := ward.intersection(town.urban).difference(shapely.union_all([town.wet, town.paved]))).is_empty
    ]  # fmt: skip
    made: list[Spot] = []
    for n in range(count * 400):
        area = inside[len(made) % len(inside)]
        west, south, east, north = area.bounds
        here = Point(west + (east - west) * chance(seed, n, "x"), south + (north - south) * chance(seed, n, "y"))
        if area.contains(here):
            degrees = town.plane.degrees(here)
            made.append(Spot(round(degrees.x, 5), round(degrees.y, 5)))
        if len(made) == count:
            break
    return made


def feature(town: Town, key: str, shape: BaseGeometry, properties: dict[str, Any]) -> Feature:
    """A drawn area, about one metre fine."""
    made = town.plane.degrees(shape)
    if made.geom_type == "Polygon":
        made = MultiPolygon([made])
    return {"type": "Feature", "id": key, "geometry": json.loads(shapely.to_geojson(made)), "properties": properties}


def point(key: str, spot: Spot, properties: dict[str, Any]) -> Feature:
    """A place."""
    at = {"type": "Point", "coordinates": [spot.lon, spot.lat]}
    return {"type": "Feature", "id": key, "geometry": at, "properties": properties}


DRAWN: dict[str, Callable[[Town], Iterator[Feature]]] = {
    "plans": plans, "land-use-plan": land_use, "zoning": zoning, "infrastructure-corridors": corridors,
    "lighting-cabinets": cabinets, "lamps": lamps, "flood-spots": flood_spots, "schools": schools,
    "health-stations": health_stations, "cameras": cameras, "waste-bins": waste_bins,
}  # fmt: skip


# of cities whose other files were drawn before: what stands where their sensors do
BESIDE: dict[str, Callable[[Town], Iterator[Feature]]] = {"waste-bins": waste_bins, "traffic-parking": car_parks}


def draw(folder: Path, only: Sequence[str] = ()) -> dict[str, list[Feature]]:
    """Every dataset of a city folder, or those named."""
    town, known = Town(folder), BESIDE | DRAWN
    return {code: list(known[code](town)) for code in only or DRAWN}


def written(features: Sequence[Feature]) -> str:
    """The text of a file: one feature a line, so that a change is seen line by line."""
    rows = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features)
    head = json.dumps({"type": "FeatureCollection", "source": SOURCE, "simulated": True, "approximate": True},
                      ensure_ascii=False, separators=(",", ":"))  # fmt: skip
    return f'{head[:-1]},"features":[\n{rows}\n]}}\n'


def main(folder: Path, only: Sequence[str] = ()) -> None:
    """Write the files."""
    (folder / "data").mkdir(exist_ok=True)
    for code, features in draw(folder, only).items():
        (folder / "data" / f"{code}.geojson").write_text(written(features), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
