"""GDAL with the drivers dothi uses: a delivered file must not make it fetch, run or read anything else."""

import os

# drivers are registered when the library is loaded; this is what it skips then. These open other files, addresses or
# programs that a file names: https://gdal.org/en/stable/user/configoptions.html#config-GDAL_SKIP
_LEFT_OUT = (
    "VRT", "OGR_VRT", "GDALG", "GTI", "HTTP", "WFS", "OAPIF", "OGCAPI", "CSW", "Elasticsearch", "Carto", "AmigoCloud",
    "PLSCENES", "NGW", "EEDA", "EEDAI", "GPSBabel", "ADBC", "DAAS", "PLMosaic", "WCS", "WMS", "WMTS", "SQLite", "OSM",
    "ESRIJSON", "GeoRSS", "STACIT", "STACTA",
)  # fmt: skip
os.environ["GDAL_SKIP"] = ",".join(_LEFT_OUT)

import pyogrio  # noqa: E402 - after the list it reads

__all__ = ["pyogrio"]
