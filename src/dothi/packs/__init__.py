"""Packs: folders of YAML that teach dothi a sector or a city.

The file's name selects its schema, which upper rooms register:

    packs.schema("observed_properties.yaml", ObservedProperties)

Three passes, each saying all its faults at once with file and line: shape (one file against its schema), names (across
the files of all packs), promise (`expect.yaml`: sample in, states and indices out).
"""

from dothi.packs.content import content_path
from dothi.packs.folder import Pack, Strict, Text, load, load_file, names, promise, refuse, schema, unpromised, verify
from dothi.packs.overrides import renewed
from dothi.packs.shape import Wrong, shaped

__all__ = [
    "Pack", "Strict", "Text", "Wrong", "content_path", "load", "load_file", "names", "promise", "refuse", "renewed", "schema", "shaped", "unpromised", "verify",
]  # fmt: skip
