"""Words of headers: what Vietnamese and English column names stand for, whatever their case, accents and signs."""

import re
from collections.abc import Iterable
from functools import lru_cache

from dothi.kit.text import fold

# compared without diacritics, spaces and signs
_STANDS_FOR = {
    "name": "ten, ten goi, name, title, ten cong trinh, ten duong, ten don vi, ten dia danh, ten vi tri, label",
    "code": "ma, ma so, so hieu, code, ma hieu, id, fid, gid, objectid, ma dinh danh, ma doi tuong, uid, identifier",
    "number": "stt, so thu tu, tt, no",
    "address": "dia chi, address, dchi, vi tri lap dat",
    "area": "dien tich, dt, area, dtich, shape area, areakm2",
    "length": "chieu dai, length, shape leng, shape length, do dai",
    "height": "chieu cao, height, cao",
    "width": "chieu rong, width, be rong",
    "population": "dan so, population, so dan",
    "commune": "phuong xa, xa phuong, phuong, xa, ward, commune, ten xa, ten phuong, xa phuong dac khu",
    "district": "quan huyen, huyen, district, huyen quan",
    "province": "tinh, tinh thanh, province, thanh pho, tinh thanh pho",
    "type": "loai, phan loai, kieu, type, category, loai hinh, nhom",
    "status": "tinh trang, trang thai, hien trang, status, state",
    "year": "nam, nam xay dung, year",
    "date": "ngay, thoi gian, date, time, ngay lap, observed at, observedat",
    "note": "ghi chu, note, notes, remark, dien giai, mo ta, description",
    "owner": "chu so huu, chu su dung, chu ho, ho ten, ho va ten, owner, chu the, nguoi quan ly, ten chu",
    "phone": "so dien thoai, dien thoai, sdt, phone, tel, mobile, mobile number, dtdd",
    "email": "email, thu dien tu, e mail, email id",
    "identity": "cccd, cmnd, so cccd, so cmnd, can cuoc, so dinh danh, dinh danh ca nhan",
    "born": "ngay sinh, nam sinh, dob, birthday, date of birth",
    "parcel": "so thua, thua, so hieu thua, thua dat",
    "sheet": "so to, to ban do, to so, so to ban do",
    "purpose": "muc dich su dung, mdsd, muc dich, loai dat, land use",
    "lon": "kinh do, lon, lng, long, longitude, kinhdo, kd, toa do kinh do, x wgs84",
    "lat": "vi do, lat, latitude, vido, vd, toa do vi do, y wgs84",
    "x": "x, toa do x, x m, x vn2000, toadox, td x, coord x, point x, x coord, easting, e",
    "y": "y, toa do y, y m, y vn2000, toadoy, td y, coord y, point y, y coord, northing, n",
    "position": "location, vi tri, toa do, lat lon, latlng, lat lng, latlon, coordinates, geo point, geom, geometry, wkt,"
    " the geom, shape, geojson, hinh hoc, ranh gioi",
}  # fmt: skip
PERSONAL = frozenset({"owner", "phone", "email", "identity", "born"})


@lru_cache(maxsize=4096)
def bare(name: str) -> str:
    """A name without diacritics, case, spaces and signs."""
    return re.sub(r"[^0-9a-z]", "", fold(name))


_WORDS = {bare(word): meaning for meaning, words in _STANDS_FOR.items() for word in words.split(",")}


@lru_cache(maxsize=4096)
def meaning(name: str) -> str | None:
    """What a column of this name usually holds; a unit or note in brackets behind it does not matter."""
    return _WORDS.get(bare(name)) or _WORDS.get(bare(re.sub(r"[(\[].*?[)\]]", "", name)))


def match(names: Iterable[str], columns: list[str]) -> str | None:
    """The column that one of some names (a field's name and titles) means, if any.

    By the very name, then without diacritics and signs, then as a shapefile cuts it to ten, then by what it stands for.
    """
    said = [one for one in names if one]
    for name in said:
        if name in columns:
            return name
    folded = {bare(column): column for column in reversed(columns)}
    for name in said:
        if found := folded.get(bare(name)):
            return found
    for name in said:
        whole = bare(name)
        for short, column in folded.items():
            if 8 <= len(short) <= 10 and len(whole) > len(short) and whole.startswith(short):
                return column
    meant = {found: column for column in reversed(columns) if (found := meaning(column))}
    for name in said:
        what = meaning(name)
        if what is not None and what not in ("x", "y", "position", "code") and what in meant:
            return meant[what]
    return None


def slug(name: str) -> str:
    """A plain name for a field: lower-case ASCII letters, digits and underscores."""
    made = re.sub(r"[^0-9a-z]+", "_", fold(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name))).strip("_")
    return (made if made and not made[0].isdigit() else f"f_{made}")[:60].rstrip("_") or "field"
