"""Which form an answer takes: what `f` says, else what the caller accepts."""

from collections.abc import Sequence
from dataclasses import dataclass

from dothi.doors.features.answers import GEOJSON, HTML, JSON, NoForm
from dothi.kit.errors import BadInput, Fault


@dataclass(frozen=True, slots=True)
class Form:
    """A form of an answer. takes: media types a caller may name it by; called: what people call it."""

    name: str
    kind: str
    takes: tuple[str, ...]
    called: str = "JSON"


JSON_FORM = Form("json", JSON, (JSON,))
HTML_FORM = Form("html", HTML, (HTML, "application/xhtml+xml"), "HTML")
GEOJSON_FORM = Form("geojson", GEOJSON, (GEOJSON, JSON, "application/vnd.geo+json"), "GeoJSON")
JSONFG = Form(
    "jsonfg", "application/vnd.ogc.fg+json", ("application/vnd.ogc.fg+json", "application/fg+json"), "JSON-FG"
)
CSV = Form("csv", "text/csv; charset=utf-8", ("text/csv",), "CSV")
GEOPARQUET = Form(
    "geoparquet", "application/vnd.apache.parquet", ("application/vnd.apache.parquet",), "GeoParquet",
)  # fmt: skip
FLATGEOBUF = Form(
    "flatgeobuf", "application/flatgeobuf", ("application/flatgeobuf", "application/vnd.flatgeobuf"), "FlatGeobuf"
)
FILES = (GEOPARQUET, FLATGEOBUF)
DOCUMENT = (JSON_FORM, HTML_FORM)
ITEMS = (GEOJSON_FORM, JSONFG, CSV, *FILES, HTML_FORM)
ITEM = (GEOJSON_FORM, JSONFG, HTML_FORM)


def chosen(text: str | None, accept: str | None, forms: Sequence[Form]) -> Form:
    """The form of an answer; BadInput for a name it does not have, NoForm where the caller takes none of them."""
    if text is not None:
        for form in forms:
            if text == form.name or (text == "json" and form.name == "geojson"):
                return form
        allowed = ", ".join(form.name if form.name != "geojson" else "json, geojson" for form in forms)
        raise BadInput(f"f: no form {text[:40]!r}", [Fault("f", f"no form {text[:40]!r}", allowed)])
    if not accept or accept == "*/*":
        return forms[0]
    best: tuple[float, int, Form] | None = None
    for kind, weight in _accepted(accept):
        for place, form in enumerate(forms):
            if weight > 0 and (kind in form.takes or kind == "*/*" or _family(kind, form)):
                rank = (weight - (0.001 if "*" in kind else 0.0), -place, form)
                if best is None or rank[:2] > best[:2]:
                    best = rank
    if best is None:
        kinds = ", ".join(form.kind for form in forms)
        message = f"there is no {accept[:120]!r} of this"
        raise NoForm(message, [Fault("Accept", message, kinds)])
    return best[2]


def _family(kind: str, form: Form) -> bool:
    return kind.endswith("/*") and any(one.startswith(kind[:-1]) for one in form.takes)


def _accepted(accept: str) -> list[tuple[str, float]]:
    made = []
    for one in accept.split(",")[:40]:
        kind, *more = one.split(";")
        weight = 1.0
        for extra in more:
            name, _, value = extra.strip().partition("=")
            if name == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        made.append((kind.strip().lower(), weight))
    return made
