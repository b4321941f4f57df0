"""Pictures: what they are by their content, and the copies the public gets. Pure; a caller bounds how many at a time.

A public copy is painted anew from the decoded pixels: whatever else a file held (EXIF, GPS, a colour profile, a second
file behind the first, more frames) is not in it, because nothing of the file is copied.
"""

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image

from dothi.kit.errors import BadInput, Fault, TooLarge

LARGEST, THUMB = 1600, 320  # pixels of the longer side
MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}
COPY_TYPE = "image/jpeg"
CELLS = 5  # of a blurred box's longer side: too few for a face or a plate
BOXES = 50
_QUALITY, _THUMB_QUALITY = 82, 75
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
_LONGEST_SIDE = 60_000

Box = tuple[float, float, float, float]  # x, y, width, height as shares of the upright picture's sides


@dataclass(frozen=True, slots=True)
class Copies:
    """The public copy of a picture and its thumbnail, both JPEG."""

    shown: bytes
    thumb: bytes
    width: int
    height: int


def formats() -> list[str]:
    """What can be read here: HEIF only where Pillow was given a plug-in for it."""
    Image.init()
    return [name for name in MEDIA if name in Image.OPEN]


def media_type(content: bytes) -> str | None:
    """The media type of a picture that can be read here; None for anything else. Only its header is looked at."""
    try:
        with Image.open(io.BytesIO(content), formats=formats()) as picture:
            return MEDIA.get(picture.format or "")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception:  # a decoder fails in as many ways as there are broken files
        return None


def copies(content: bytes, pixels: int, boxes: Sequence[Box] = ()) -> Copies:
    """The public copy and the thumbnail, upright, with some boxes made unrecognisable.

    pixels: more than so many are refused before anything is decoded. Raises BadInput for what is no whole picture.
    """
    try:
        with Image.open(io.BytesIO(content), formats=formats()) as picture:
            _check_size(picture, pixels)
            if picture.format == "JPEG":
                picture.draft("RGB", (LARGEST, LARGEST))  # decodes at a half, a quarter, an eighth
            turn = _orientation(picture)
            picture.load()
            shown = _upright(picture, turn)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except (BadInput, TooLarge):
        raise
    except Exception as error:
        raise BadInput(
            "this picture cannot be read", [Fault("file", "it is damaged or did not arrive whole", "send it again")]
        ) from error
    for box in boxes:
        _destroy(shown, box)
    thumb = shown.copy()
    thumb.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    return Copies(_jpeg(shown, _QUALITY), _jpeg(thumb, _THUMB_QUALITY), *shown.size)


def checked_boxes(said: Iterable[Any]) -> list[Box]:
    """Boxes as somebody gave them; every fault at once."""
    found: list[Box] = []
    faults = []
    for place, one in enumerate(said):
        box = _box(one)
        if box is None or place >= BOXES:
            allowed = f"x, y, width, height as shares of 1, at most {BOXES} boxes"
            faults.append(Fault(f"boxes.{place}", "no box within the picture", allowed))
            if place >= BOXES:
                break
        else:
            found.append(box)
    if faults:
        raise BadInput("these boxes cannot be blurred", faults)
    return found


def place_of(content: bytes) -> tuple[float, float] | None:
    """Longitude and latitude the phone wrote into a photo; None where there are none, or none that are a place."""
    try:
        with Image.open(io.BytesIO(content), formats=formats()) as picture:
            gps = picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef, "N"), "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef, "E"), "W")
    except Exception:  # phones write all sorts of things there
        return None
    if not (math.isfinite(lat) and math.isfinite(lon)) or abs(lat) > 90 or abs(lon) > 180 or (lat == 0 and lon == 0):
        return None
    return round(lon, 6), round(lat, 6)


def _degrees(parts: Any, side: Any, negative: str) -> float:
    degrees, minutes, seconds = (float(one) for one in parts)
    side = side.decode("ascii", "ignore") if isinstance(side, bytes) else str(side)
    return (degrees + minutes / 60 + seconds / 3600) * (-1 if side.strip("\0 ").upper() == negative else 1)


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return 1


def _upright(picture: Image.Image, turn: int) -> Image.Image:
    """New pixels, at most so large, upright, RGB, on white where they were transparent; nothing of the file's info."""
    scale = min(1.0, LARGEST / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    clear = "A" in picture.getbands() or "transparency" in picture.info
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):  # 16 bits of grey
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    plain = picture.convert("RGBA" if clear else "RGB")
    if plain.size != size:
        plain = plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if turn in _TURNS:
        plain = plain.transpose(_TURNS[turn])
    made = Image.new("RGB", plain.size, "white")
    made.paste(plain, (0, 0), plain if clear else None)
    return made


def _destroy(picture: Image.Image, box: Box) -> None:
    """Overwrite a box with the means of a few large cells: what was in it cannot be reckoned back."""
    left, top = math.floor(box[0] * picture.width), math.floor(box[1] * picture.height)
    right = min(picture.width, math.ceil((box[0] + box[2]) * picture.width))
    bottom = min(picture.height, math.ceil((box[1] + box[3]) * picture.height))
    width, height = right - left, bottom - top
    if width <= 0 or height <= 0:
        return
    cell = max(width, height) / CELLS
    grid = (max(1, min(CELLS, round(width / cell))), max(1, min(CELLS, round(height / cell))))
    part = picture.crop((left, top, right, bottom)).resize(grid, Image.Resampling.BOX)
    part = part.point([value & 0xE0 | 0x10 for value in range(256)] * 3)  # eight steps of each colour
    picture.paste(part.resize((width, height), Image.Resampling.NEAREST), (left, top))


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def _box(said: Any) -> Box | None:
    try:
        x, y, width, height = (float(one) for one in said)
    except (TypeError, ValueError):
        return None
    whole = all(math.isfinite(one) for one in (x, y, width, height)) and x >= 0 and y >= 0 and width > 0 and height > 0
    return (x, y, width, height) if whole and x + width <= 1.0001 and y + height <= 1.0001 else None


def _check_size(picture: Image.Image, pixels: int) -> None:
    width, height = picture.size
    if width * height > pixels or max(width, height) > _LONGEST_SIDE:
        raise _too_large(f"{width} x {height} pixels", pixels)


def _too_large(found: str = "more pixels than can be read", most: int | None = None) -> TooLarge:
    allowed = f"at most {most} pixels" if most else None
    return TooLarge("this picture has too many pixels", [Fault("file", found, allowed)])
