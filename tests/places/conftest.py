"""A small country of squares: codes reused, names shared, spellings that differ."""

import json
from pathlib import Path

import pytest
from shapely.geometry import box, mapping

from dothi.identity.guard import SYSTEM
from dothi.places import cli, readers
from dothi.places.describe import Options, day

REFORM = day("2025-07-01")
BEFORE = day("2025-06-30")
NOW = day("2026-11-21")


def feature(code, name, where=None, **properties):
    geometry = mapping(box(*where)) if isinstance(where, tuple) else where
    return {"type": "Feature", "properties": {"code": code, "fullName": name, **properties}, "geometry": geometry}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


WARDS = [
    feature("27694", "Phường Long An", (106.40, 10.54, 106.45, 10.57)),
    feature("27712", "Phường Tân An", (106.40, 10.50, 106.45, 10.54)),
    feature("31147", "Phường Tân An", (105.70, 10.00, 105.78, 10.05)),
    feature("31135", "Phường Ninh Kiều", (105.78, 10.00, 105.82, 10.05)),
    feature("22924", "Phường Phú Thuỷ", (108.10, 10.93, 108.15, 10.98)),
    feature("22963", "Xã Tuyên Quang", (108.00, 10.90, 108.05, 10.93)),
    feature("00070", "Phường Hoàn Kiếm", (105.84, 21.02, 105.86, 21.04)),
]
PROVINCES = [
    feature("80", "Tỉnh Tây Ninh", (105.9, 10.4, 106.7, 11.8)),
    feature("92", "Thành phố Cần Thơ", (105.3, 9.3, 105.88, 10.3)),
    feature("68", "Tỉnh Lâm Đồng", (107.3, 10.7, 109.0, 12.5)),
    feature("01", "Thành phố Hà Nội", (105.3, 20.6, 106.0, 21.4)),
]
CROSSWALK = (
    "new_province,new_unit,new_code,old_unit,old_code,extent,old_district,old_province\n"
    "Tỉnh Tây Ninh (80),Phường Long An,27694,Phường 1,27694,Nhập toàn bộ,Thành phố Tân An (794),Tỉnh Long An (80)\n"
    "Tỉnh Tây Ninh (80),Phường Long An,27694,Xã Bình Thạnh,28063,Nhập một phần,Huyện Thủ Thừa (804),Tỉnh Long An (80)\n"
    "Tỉnh Tây Ninh (80),Xã Thủ Thừa,28036,Xã Bình Thạnh,28063,Nhập một phần,Huyện Thủ Thừa (804),Tỉnh Long An (80)\n"
    "Tỉnh Tây Ninh (80),Phường Tân An,27712,Xã Bình Tâm,27712,Nhập toàn bộ,Thành phố Tân An (794),Tỉnh Long An (80)\n"
    "Thành phố Cần Thơ (92),Phường Ninh Kiều,31135,Phường Tân An,31135,Nhập toàn bộ,Quận Ninh Kiều (916),Thành phố Cần Thơ (92)\n"
    "Thành phố Cần Thơ (92),Phường Tân An,31147,Phường Hưng Lợi,31147,Giữ nguyên,Quận Ninh Kiều (916),Thành phố Cần Thơ (92)\n"
)


@pytest.fixture
def file(tmp_path):
    """Write a file; JSON for dicts."""

    def write(name: str, content) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
        return path

    return write


@pytest.fixture
def take(session, file):
    """Take a file's content in, as `dothi import places` does, and commit."""

    def taken(content, name="file.geojson", *, dry=False, caller=SYSTEM, **options):
        options.setdefault("valid_from", REFORM)
        options.setdefault("source", "test")
        report = cli.take(session, caller, readers.read(file(name, content)), Options(**options), dry=dry)
        session.commit()
        assert report.read == report.accepted + len(report.refused)
        return report

    return taken


@pytest.fixture
def country(session, take):
    """Four provinces and seven wards with outlines, and where some of them came from."""
    take(collection(*PROVINCES))
    take(collection(*WARDS))
    take(CROSSWALK, "crosswalk.csv")
    return session
