"""Administrative units as a collection of features: as they are, or as they were at a moment."""

from typing import Any

from sqlalchemy import BigInteger, bindparam, case, literal_column, or_, select

from dothi.datasets import collected
from dothi.datasets.reading import Rows, Virtual
from dothi.db import features as spelled
from dothi.identity import guard
from dothi.places.tables import Unit

CODE = "units"
_FIELDS = (
    collected.field("code", "string", "Mã", "Code", required=True),
    collected.field("level", "string", "Cấp", "Level", required=True),
    collected.field("kind", "string", "Loại", "Kind", required=True),
    collected.field("name", "string", "Tên", "Name", required=True),
    collected.field("fullName", "string", "Tên đầy đủ", "Full name in Vietnamese", required=True),
    collected.field("fullNameEn", "string", "Tên đầy đủ tiếng Anh", "Full name in English"),
    collected.field("parent", "string", "Mã đơn vị cấp trên", "Code of the unit above"),
    collected.field("population", "integer", "Dân số", "Population"),
    collected.field("area", "number", "Diện tích", "Area", unit="km2"),
    collected.field("approximate", "boolean", "Ranh giới phác họa", "Sketched boundary", required=True),
    collected.field("source", "string", "Nguồn", "Source"),
)


def view(caller: guard.Caller) -> Virtual:  # noqa: ARG001 - the units are everybody's
    """The administrative units, which everybody may see."""
    return collected.view(
        code=CODE, title="Đơn vị hành chính", title_en="Administrative units",
        description="Tỉnh, thành phố, xã, phường, đặc khu hiện hành; thêm as-of để xem tại một thời điểm.",
        description_en="Provinces, communes and their like as they are; as-of shows them at a moment.",
        geometry_type="MultiPolygon", fields=_FIELDS, keywords=("địa giới",), themes=("REGI",),
        bbox=(102.1, 6.9, 117.9, 23.4), rows_at=rows, historic=True,
    )  # fmt: skip


def rows(as_of: int | None) -> Rows:
    """Units as canonical rows."""
    c = Unit.__table__.alias("u").c
    columns: dict[str, Any] = {
        "code": c.code, "level": c.level, "kind": c.kind, "name": c.name, "fullName": c.full_name,
        "fullNameEn": c.full_name_en, "parent": c.parent_code, "population": c.population, "area": c.area_km2,
        "approximate": c.approximate, "source": c.source,
    }  # fmt: skip
    if as_of is None:
        when: list[Any] = [c.valid_to.is_(None)]
    else:
        moment = bindparam("as_of", as_of, BigInteger())
        when = [c.valid_from <= moment, or_(c.valid_to.is_(None), c.valid_to > moment)]
    made = (
        select(
            c.id,
            c.code.label("key"),
            c.geometry,
            case((c.geometry.is_not(None), spelled.geojson_of(c.geometry))).label("geojson"),
            collected.members(_FIELDS, columns).label("properties"),
            *(literal_column("0.0").label(name) for name in ("west", "south", "east", "north")),
            case((c.level == "commune", c.code)).label("unit_code"), c.folded,
            c.valid_from, c.valid_to.label("valid_until"), literal_column("1").label("version"),
            c.valid_from.label("recorded_at"), spelled.no_text().label("recorded_by"),
            *(column.label(f"of_{name}") for name, column in columns.items()),
        )
        .where(*when)
        .subquery("r")
    )  # fmt: skip
    plain = {name: made.c[f"of_{name}"] for name in columns}
    return Rows(made.c, made, (), boxes=False, plain=plain)
