"""How to call a dataset by machine: examples to copy, which run as they stand. Pure."""

import shlex
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from dothi.web.i18n import Say


@dataclass(frozen=True, slots=True)
class Example:
    """One way to call. steps: what to do in a program with windows; code: what to copy."""

    key: str
    title: str
    note: str
    code: str
    steps: tuple[str, ...] = ()


def examples(base: str, code: str, cql: str, say: Say, *, spatial: bool, q: str = "") -> list[Example]:
    """The examples of a dataset. base: this server's address; cql: the filter the reader has set, which they keep."""
    items = f"{base}/ogc/collections/{quote(code)}/items"
    asked = {"limit": "10", **({"filter": cql} if cql else {}), **({"q": q} if q else {})}
    kept = urlencode({**({"filter": cql, "filter-lang": "cql2-text"} if cql else {}), **({"q": q} if q else {})})
    csv = f"{base}/catalogue/{quote(code)}/download.csv"
    curl = [f"curl -G {shlex.quote(items)}", *(f"--data-urlencode {shlex.quote(f'{k}={v}')}" for k, v in asked.items())]
    made = [
        Example("curl", "curl", say("Mười bản ghi đầu, dạng GeoJSON."), " \\\n  ".join(curl)),
        Example("python", "Python", say("Chỉ dùng thư viện chuẩn."), _python(items, asked)),
        Example("pandas", "pandas", say("Cả tập dữ liệu thành một bảng."), _pandas(f"{csv}{'?' + kept if kept else ''}")),
        Example(
            "qgis", "QGIS", "", f"{base}/ogc",
            (
                say("Trong QGIS, mở Lớp › Thêm lớp › Thêm lớp WFS / OGC API – Features."),
                say("Bấm Mới, dán địa chỉ dưới đây vào ô URL, chọn phiên bản “OGC API – Features”, bấm Kết nối."),
                say("Chọn lớp “{code}” rồi bấm Thêm.", code=code),
            ),
        ),
        Example(
            "excel", "Excel, Power Query", "", _power_query(f"{csv}{'?' + kept if kept else ''}"),
            (
                say("Trong Excel, mở Dữ liệu › Lấy dữ liệu › Từ nguồn khác › Truy vấn trống."),
                say("Mở Trình soạn thảo nâng cao, dán đoạn dưới đây, bấm Xong rồi Đóng và tải."),
            ),
        ),
        Example(
            "gdal", "GDAL", say("Ghi thành tệp GeoPackage trên máy của bạn."),
            f"ogr2ogr {shlex.quote(f'{code}.gpkg')} {shlex.quote(f'OAPIF:{base}/ogc')} {shlex.quote(code)}",
        ),
        Example(
            "ckan", "CKAN", say("Cho các công cụ quen với CKAN."),
            f"curl {shlex.quote(f'{base}/api/3/action/package_show?id={quote(code)}')}",
        ),
    ]  # fmt: skip
    return made if spatial else [one for one in made if one.key != "qgis"]


def _python(items: str, asked: dict[str, str]) -> str:
    pairs = ", ".join(f"{k!r}: {v!r}" for k, v in asked.items())
    return (
        "import json\nfrom urllib.parse import urlencode\nfrom urllib.request import urlopen\n\n"
        f"url = {items!r}\nquery = {{{pairs}}}\n"
        'with urlopen(f"{url}?{urlencode(query)}") as answer:\n    page = json.load(answer)\n'
        'for feature in page["features"]:\n    print(feature["id"], feature["properties"])\n'
    )


def _pandas(csv: str) -> str:
    return f"import pandas as pd\n\ntable = pd.read_csv({csv!r})\nprint(table.describe(include='all'))\n"


def _power_query(csv: str) -> str:
    return (
        "let\n"
        f'  Source = Csv.Document(Web.Contents("{csv}"), [Delimiter=",", Encoding=65001, QuoteStyle=QuoteStyle.Csv]),\n'
        "  Table = Table.PromoteHeaders(Source, [PromoteAllScalars=true])\n"
        "in\n  Table"
    )
