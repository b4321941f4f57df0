"""Run by QGIS's own Python (test_qgis.py): what QGIS finds in the interface, as JSON on the last line."""

import json
import os
import sys

from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer, QgsVectorTileLayer

base, code = sys.argv[1:3]
application = QgsApplication([], False)
application.initQgis()


def texts(layer, request):
    return sorted(feature["name"] for feature in layer.getFeatures(request))


layer = QgsVectorLayer(f"url='{base}' typename='{code}' pageSize='20'", "lamps", "OAPIF")
box = QgsFeatureRequest().setFilterRect(QgsRectangle(106.395, 10.495, 106.425, 10.505))
near = QgsVectorLayer(f"url='{base}' typename='{code}' restrictToRequestBBOX='1'", "near", "OAPIF")
strong = QgsVectorLayer(f"url='{base}' typename='{code}'", "strong", "OAPIF")
strong.setSubsetString('"power" > 120')
missing = QgsVectorLayer(f"url='{base}' typename='closed'", "closed", "OAPIF")
tiles = QgsVectorTileLayer(
    f"type=xyz&url={base}/collections/{code}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}&zmin=0&zmax=16", "tiles"
)
first = next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None)
found = {
    "valid": layer.isValid(),
    "crs": layer.crs().authid(),
    "type": layer.wkbType(),
    "fields": [[field.name(), field.typeName()] for field in layer.fields()],
    "count": sum(1 for _ in layer.getFeatures()),
    "in_box": texts(near, box),
    "strong": texts(strong, QgsFeatureRequest()),
    "first": None if first is None else [first.geometry().asPoint().x(), first.geometry().asPoint().y()],
    "restricted": missing.isValid(),
    "tiles": tiles.isValid(),
}
print(json.dumps(found), flush=True)
os._exit(0)  # taking QGIS apart in Python's order crashes it
