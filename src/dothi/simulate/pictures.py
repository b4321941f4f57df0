"""The drawn picture of a camera that is not there: a street or a river as the simulated sensors near it read, marked MÔ PHỎNG.

No photograph, nobody in it. A frame is an indexed PNG: browsers show it as a still and as a part of an MJPEG stream alike.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dothi.simulate import calendar
from dothi.simulate.noise import random

WIDTH, HEIGHT = 640, 360
SCENES = ("street", "river")
Canvas = NDArray[np.uint8]

_COLOURS = [
    (12, 16, 19), (242, 242, 236), (188, 205, 214), (52, 68, 82), (120, 126, 124), (158, 160, 152),
    (72, 76, 78), (230, 226, 205), (96, 128, 140), (68, 98, 112), (176, 70, 52), (52, 96, 140),
    (214, 176, 60), (84, 110, 78), (44, 60, 46), (206, 216, 220), (12, 110, 104), (255, 255, 255),
]  # fmt: skip
(_INK, _PALE, _DAY, _NIGHT, _WALL, _WALL_LIT, _ROAD, _LINE, _WATER, _DEEP, _RED, _BLUE, _YELLOW, _GREEN, _DARK_GREEN, _RAIN,
 _TEAL, _WHITE) = range(len(_COLOURS))  # fmt: skip

# five wide, two rows of accent above seven of letter; one hexadecimal digit pair a row, left bit first
_GLYPHS = {
    "0": "0000708888888888 70", "1": "000020602020202070", "2": "00007088083040 80F8", "3": "00007088083008 8870",
    "4": "000010305090F81010", "5": "0000F880F0080888 70", "6": "00003040 80F0888870", "7": "0000F80810204040 40",
    "8": "0000708888708888 70", "9": "0000708888780810 60", "M": "000088D8A8A8888888", "P": "0000F08888F0808080",
    "H": "0000888888F8888888", "N": "000088C8A8A8988888", "G": "0000708880B8888870", "C": "0000708880808088 70",
    "A": "0000708888F8888888", "S": "0000708880700888 70", "Ô": "205070888888888870", "Ỏ": "601070888888888870",
    ":": "000000202000202000", ".": "000000000000006060", ",": "000000000000206040", "-": "000000000070000000",
    "/": "000008081020404080", " ": "000000000000000000",
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What the sensors near a camera read; None: nothing near. depth: cm on the street; stage: m; rain: mm in 10 minutes."""

    depth: float | None = None
    stage: float | None = None
    rain: float | None = None


def frame(scene: str, code: str, at: int, seen: Seen) -> bytes:
    """The picture of a camera at an instant (µs UTC), as PNG."""
    times = np.array([at], dtype=np.int64)
    night = bool(calendar.sun_height(times, 106.4, 10.5)[0] < 0)
    canvas = np.full((HEIGHT, WIDTH), _NIGHT if night else _DAY, np.uint8)
    (_river if scene == "river" else _street)(canvas, code, at, seen, night)
    if seen.rain:
        _streaks(canvas, at, min(1.0, seen.rain / 12))
    _words(canvas, code, at, seen)
    return png(canvas)


def _street(canvas: Canvas, code: str, at: int, seen: Seen, night: bool) -> None:
    horizon = 150
    chance = random(zlib.crc32(code.encode()), np.arange(64))
    edge = 0
    for n in range(12):  # houses, and their windows by night
        wide, high = 34 + int(46 * chance[n]), 40 + int(60 * chance[n + 12])
        canvas[horizon - high : horizon, edge : edge + wide] = _WALL if n % 2 else _WALL_LIT
        for row in range(horizon - high + 10, horizon - 10, 18):
            canvas[row : row + 8, edge + 6 : edge + wide - 6 : 14] = _YELLOW if night else _DEEP
        edge += wide
    canvas[horizon:] = _DARK_GREEN if night else _GREEN
    rows = np.arange(horizon, HEIGHT)
    part = (rows - horizon) / (HEIGHT - horizon)
    left, right = (300 - 260 * part).astype(int), (340 + 260 * part).astype(int)
    road = list(zip(rows.tolist(), left.tolist(), right.tolist(), strict=True))
    for row, start, end in road:
        canvas[row, start:end] = _ROAD
    for n in range(7):  # the line in the middle
        row = horizon + int((n / 7) ** 1.6 * (HEIGHT - horizon)) + 6
        canvas[row : row + 3 + 2 * n, 318 - n // 2 : 322 + n // 2] = _LINE
    depth = seen.depth or 0
    if depth >= 3:  # it stands in the road and hides the line first
        covered = min(1.0, 0.25 + depth / 60)
        for row, start, end in road:
            if row > HEIGHT - covered * (HEIGHT - horizon):
                spill = int(depth * 1.2)
                wave = 3 * np.sin(np.arange(max(0, start - spill), min(WIDTH, end + spill)) / 9 + row / 4 + at / 8e5)
                canvas[row, max(0, start - spill) : min(WIDTH, end + spill)] = np.where(wave > 2, _WATER, _DEEP)
    slow = max(0.15, 1 - depth / 45)
    for n in range(5):
        going = (at / 1e6 * (0.10 + 0.04 * chance[30 + n]) * slow + chance[40 + n]) % 1
        down = going if n % 2 else 1 - going
        row = int(horizon + 14 + down**1.7 * (HEIGHT - horizon - 40))
        size = 6 + int(34 * down**1.5)
        middle = int(320 + (1 if n % 2 else -1) * (8 + 120 * down))
        canvas[row : row + size, middle - size // 2 : middle + size // 2] = (_RED, _BLUE, _PALE, _INK, _YELLOW)[n]
        if night:
            canvas[row + size - 4 : row + size, middle - size // 2 : middle + size // 2 : 6] = _WHITE


def _river(canvas: Canvas, code: str, at: int, seen: Seen, night: bool) -> None:
    canvas[110:150] = _DARK_GREEN if night else _GREEN
    stage = 0.5 if seen.stage is None else seen.stage
    top = int(np.clip(285 - 62 * stage, 152, 340))
    canvas[150:top] = _WALL
    rows, columns = np.mgrid[top:HEIGHT, 0:WIDTH]
    wave = np.sin(columns / (14 + (rows - top) / 6) + rows / 3 + at / 6e5)
    canvas[top:] = np.where(wave > 0.75, _WATER, _DEEP)
    canvas[112:HEIGHT, 470:520] = _WHITE
    for n in range(-2, 12):  # the staff: a mark each two decimetres, a number each metre
        row = int(285 - 62 * n * 0.2)
        if 118 <= row < HEIGHT - 6:
            canvas[row : row + 3, 470 : 520 if n % 5 == 0 else 495] = _RED
            if n % 5 == 0 and row < top:
                _write(canvas, f"{n // 5}", 528, row - 8, 2, _WHITE)
    canvas[top:, 470:520] = np.where(wave[:, 470:520] > 0.75, _WATER, _DEEP)
    boat = int((at / 1e6 * 11 + zlib.crc32(code.encode()) % 500) % (WIDTH + 120)) - 100
    canvas[max(top - 12, 0) : top + 10, max(boat, 0) : max(boat + 90, 0)] = _INK


def _streaks(canvas: Canvas, at: int, strength: float) -> None:
    count = int(40 + 260 * strength)
    places = random(at // 100_000 % 100_003, np.arange(2 * count))
    for x, y in zip(
        (places[:count] * (WIDTH - 6)).astype(int), (places[count:] * (HEIGHT - 16)).astype(int), strict=True
    ):
        for step in range(10):
            canvas[y + step, x + step // 3] = _RAIN


def _words(canvas: Canvas, code: str, at: int, seen: Seen) -> None:
    canvas[0:44] = _TEAL
    _write(canvas, "MÔ PHỎNG", 16, 8, 3, _WHITE)
    local = at + 7 * 3_600_000_000
    seconds = local // 1_000_000 % 86_400
    _write(canvas, f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}", 466, 8, 3, _WHITE)
    digits = "".join(c for c in code.upper() if c in _GLYPHS)
    _write(canvas, digits, 250, 8, 3, _WHITE)
    said = [f"{seen.depth:.0f} CM"] if seen.depth else [f"{seen.stage:.2f} M"] if seen.stage is not None else []
    for n, text in enumerate(one.replace(".", ",") for one in said):
        canvas[312 + n * 40 : 350 + n * 40, 10 : 30 + 18 * len(text)] = _INK
        _write(canvas, text, 18, 317 + n * 40, 3, _WHITE)


def _write(canvas: Canvas, text: str, x: int, y: int, size: int, colour: int) -> None:
    for letter in text:
        rows = bytes.fromhex(_GLYPHS.get(letter, _GLYPHS[" "]).replace(" ", ""))
        bits = np.unpackbits(np.frombuffer(rows, np.uint8).reshape(-1, 1), axis=1)[:, :5].astype(bool)
        shape = np.kron(bits, np.ones((size, size), bool))
        part = canvas[y : y + shape.shape[0], x : x + shape.shape[1]]
        part[shape[: part.shape[0], : part.shape[1]]] = colour
        x += 6 * size


def png(canvas: NDArray[Any]) -> bytes:
    """An indexed PNG of palette numbers."""
    raw = np.concatenate([np.zeros((canvas.shape[0], 1), np.uint8), canvas], axis=1).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", canvas.shape[1], canvas.shape[0], 8, 3, 0, 0, 0)
    colours = b"".join(bytes(one) for one in _COLOURS)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", head), chunk(b"PLTE", colours), chunk(b"IDAT", zlib.compress(raw, 1)), chunk(b"IEND", b"")]
    )
