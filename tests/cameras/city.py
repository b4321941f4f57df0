"""A town of six cameras, and people who may look through some of them."""

import json
from pathlib import Path

from dothi.city import service as cities
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM

YAML = """\
city: camera-town
version: "1"
name: {vi: Thành phố Thử, en: Test Town}
simulated: true
centre: [106.41, 10.54]
places: {base: base.geojson, wards: wards.geojson, areas: []}
agencies:
  - {code: so-xd, name: {vi: Sở Xây dựng, en: Department of Construction}}
  - {code: so-yt, name: {vi: Sở Y tế, en: Department of Health}}
sectors: {security: {}}
models: []
sensors: []
datasets:
  cameras: {agency: so-xd, sharing: shared, file: cameras.geojson, source: mô phỏng}
"""
CAMERAS = (
    ("CAM-01", "Chợ", 106.410, 10.540, "so-xd", "mjpeg", "test:street", "public"),
    ("CAM-02", "Bến sông", 106.420, 10.540, "so-xd", "still", "test:river", "public"),
    ("CAM-03", "Công viên", 106.411, 10.541, "so-xd", "still", "test:street", "restricted"),
    ("CAM-04", "Cổng bệnh viện", 106.412, 10.540, "so-yt", "still", "test:street", "sensitive"),
    ("CAM-05", "Cầu mới", 106.470, 10.590, "so-xd", "hls", "https://camera.example.vn:8443/05/live.m3u8?khoa=bi-mat", "public"),
    ("CAM-06", "Nhà kho", 106.415, 10.545, "so-xd", "mjpeg", "http://10.0.0.6/mjpeg", "sensitive"),
)  # fmt: skip


def build(folder: Path) -> None:
    """Make the town in the database in use."""
    folder.mkdir()
    (folder / "city.yaml").write_text(YAML, "utf-8")
    empty = json.dumps({"type": "FeatureCollection", "features": []})
    square = [[106.40, 10.53], [106.48, 10.53], [106.48, 10.60], [106.40, 10.60], [106.40, 10.53]]
    ward = {"code": "99901", "name": "Phường Thử", "parent": "80", "kind": "ward"}
    (folder / "base.geojson").write_text(empty)
    (folder / "wards.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [square]}, "properties": ward}
    ]}))  # fmt: skip
    (folder / "cameras.geojson").write_text(json.dumps({"type": "FeatureCollection", "simulated": True, "features": [
        {"type": "Feature", "id": code, "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": {
            "code": code, "name": name, "direction": 90, "agency": agency, "kind": kind, "stream_url": url,
            "privacy": privacy, "retention": "7 ngày, thử"}}
        for code, name, lon, lat, agency, kind, url, privacy in CAMERAS
    ]}))  # fmt: skip
    with db.writing() as session:
        cities.apply(session, SYSTEM, cities.plan(session, folder))


def signed_in(login: str, role: str, agency: str | None = None) -> str:
    """The session cookie of a new person with one role."""
    with db.writing() as session:
        person = identity.create_person(session, SYSTEM, login, login.title(), agency=agency)
        identity.grant(session, SYSTEM, person, role, "agency" if agency else "all", agency)
        return identity.sign_in(session, person.id)
