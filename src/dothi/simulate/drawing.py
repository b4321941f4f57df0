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
from shapely.geometry import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from dothi.city import blueprint as blueprints
from dothi.city.spread import Spot, spots
from dothi.kit.text import fold
from dothi.simulate import climate
from dothi.simulate.luck import chance, pick
from dothi.simulate.sketch import Feature, Town, cells, feature, point, whole

SOURCE = "phác thảo mô phỏng của dothi, không phải hồ sơ thật"
RESERVES = {"expressway": 110.0, "road": 45.0, "river": 30.0, "canal": 12.0}  # metres, our own assumption

URBAN = {"ODT": 52, "TMD": 11, "DGD": 6, "DYT": 2.5, "TSC": 5, "DKV": 9, "SKC": 4, "CLN": 6}
RURAL = {"LUA": 46, "CLN": 20, "ONT": 17, "NTS": 6, "SKC": 4, "DKV": 1.5, "DGD": 1.5, "TMD": 2}
# beside the sea: dunes behind forest, orchards of dragon fruit; in the hills: forest, little rice
COAST: dict[str, float] = {"CLN": 38, "LUA": 14, "RPH": 14, "ONT": 14, "NTS": 4, "SKC": 4, "TMD": 8, "DKV": 2, "DGD": 1}
HILLS: dict[str, float] = {
    "RSX": 44,
    "RPH": 14,
    "LUA": 13,
    "CLN": 10,
    "ONT": 12,
    "SKC": 3,
    "DKV": 1,
    "DGD": 1,
    "TMD": 2,
}
USUAL_SIZE = 90e6  # m² of the wards for which cells of 430 and 950 m are about right


def land_use(town: Town) -> Iterator[Feature]:
    """Zones that cover the wards: water, roads, and cells between them."""
    taken = shapely.union_all([town.wet, town.paved])
    hazards, prefix = climate.at(*town.blueprint.centre).hazards, town.blueprint.prefix or ""
    rural = HILLS if "cold" in hazards else COAST if "drought" in hazards else RURAL
    wider = max(1.0, math.sqrt(town.city.area / USUAL_SIZE))
    initials = {ward: "".join(word[0] for word in fold(ward).split()).upper() for ward in town.wards}
    for number, (ward, shape) in enumerate(town.wards.items(), 1):
        alone = list(initials.values()).count(initials[ward]) == 1
        short = prefix + initials[ward] + ("" if alone else str(number))
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
            [(cell, built.difference(taken), URBAN) for cell in cells(built, 430 * wider, ward)]
            if not built.is_empty
            else []
        )
        pieces += [(cell, free.difference(town.urban), rural) for cell in cells(shape, 950 * wider, ward + "2")]
        for cell, inside, weights in pieces:
            made = whole(cell.intersection(inside))
            if made is None:
                continue
            count += 1
            kind = pick(weights, ward, count)
            kept = chance(ward, count, "kept") < (0.8 if weights is URBAN else 0.65)
            green = ("LUA", "CLN", "RSX", "RPH")
            was = kind if kept or kind in green else pick({"LUA": 3, "CLN": 2}, ward, count, "was")
            yield _zone(town, f"{short}-{count:03}", kind, made, kept=was == kind, was=was)


def _zone(town: Town, code: str, kind: str, shape: MultiPolygon, *, kept: bool, was: str) -> Feature:
    return feature(town, code, shape, {
        "code": code, "land_type": kind, "area": round(shape.area / 10_000, 2), "change": "kept" if kept else "converted",
        "from_type": was, "period": "2026–2030", "plan": f"QHSDD-{_short(town)}",
    })  # fmt: skip


def _short(town: Town) -> str:
    """The city's letters in the codes of its plans."""
    return (town.blueprint.prefix or "TA-").rstrip("-")


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
            code = f"{town.blueprint.prefix or ''}HL-{n:02}"
            yield feature(town, code, made, {
                "code": code, "name": f"{'Bờ' if bank else 'Lộ giới'} {name}", "kind": kind,
                "width": RESERVES[kind], "length": round(length), "basis": "Giả định cho dữ liệu mô phỏng", "plan": f"QHC-{_short(town)}",
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


DRAWN: dict[str, Callable[[Town], Iterator[Feature]]] = {
    "plans": plans, "land-use-plan": land_use, "zoning": zoning, "infrastructure-corridors": corridors,
    "lighting-cabinets": cabinets, "lamps": lamps, "flood-spots": flood_spots, "schools": schools,
    "health-stations": health_stations, "cameras": cameras, "waste-bins": waste_bins,
}  # fmt: skip


# of cities whose other files were drawn before: what stands where their sensors do, and what follows from the sketch
BESIDE: dict[str, Callable[[Town], Iterator[Feature]]] = {
    "waste-bins": waste_bins, "traffic-parking": car_parks, "land-use-plan": land_use, "infrastructure-corridors": corridors,
}  # fmt: skip


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
