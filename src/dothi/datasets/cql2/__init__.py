"""CQL2, the filter language of OGC 21-065r2: text or JSON in, a condition on both databases out."""

from dothi.datasets.cql2.conditions import condition
from dothi.datasets.cql2.parsing import parse
from dothi.datasets.cql2.tree import Expression, queried
from dothi.datasets.cql2.typed import typed

_CLASSES = (
    "cql2-text",
    "cql2-json",
    "basic-cql2",
    "advanced-comparison-operators",
    "case-insensitive-comparison",
    "accent-insensitive-comparison",
    "basic-spatial-functions",
    "basic-spatial-functions-plus",
    "spatial-functions",
    "temporal-functions",
    "array-functions",
    "property-property",
    "functions",
    "arithmetic",
)
# the conformance classes of OGC 21-065r2 that hold here
CLASSES = tuple(f"http://www.opengis.net/spec/cql2/1.0/conf/{name}" for name in _CLASSES)

__all__ = ["CLASSES", "Expression", "condition", "parse", "queried", "typed"]
