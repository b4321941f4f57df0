"""Drawn pictures that hang on simulated cases, before and after: clearly drawn, and labelled ẢNH VẼ MINH HỌA."""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

from dothi.simulate.luck import chance

WIDTH, HEIGHT = 800, 600
VARIANTS = 3
_SKY, _DUSK, _WALL, _ROAD, _KERB, _INK = "#cfe0e6", "#26323c", "#d8cfbd", "#7c8083", "#b9b6ab", "#20282d"
_WATER, _GREEN, _TRUNK, _YELLOW, _RED, _BLUE = "#6f93a0", "#5d8a58", "#7a5a3c", "#f2c84b", "#c2513f", "#3f6fa8"
_HORIZON, _FOOT = 300, 360
Draw = ImageDraw.ImageDraw


def drawing(name: str, when: str, variant: int) -> bytes:
    """One picture, as PNG. when: before or after."""
    night = name == "lamp"
    picture = Image.new("RGB", (WIDTH, HEIGHT), _DUSK if night else _SKY)
    draw = ImageDraw.Draw(picture)
    _street(draw, f"{name}{variant}", night=night)
    _DRAWN[name](draw, when == "after", variant)
    _label(draw)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()


def sheet(*, stamped: bool) -> bytes:
    """One sheet of paper that says nothing, as PDF: what hangs on simulated dossiers. stamped: an office's result."""
    wide, high = 620, 877
    picture = Image.new("RGB", (wide, high), "#ffffff")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((20, 20, wide - 20, high - 20), outline=_KERB, width=2)
    draw.rectangle((170, 90, wide - 170, 112), fill=_INK)
    for n in range(16):
        draw.rectangle((70, 170 + 30 * n, wide - 70 - int(180 * chance("sheet", n)), 180 + 30 * n), fill=_KERB)
    if stamped:
        draw.ellipse((wide - 220, high - 230, wide - 90, high - 100), outline=_RED, width=6)
        draw.ellipse((wide - 202, high - 212, wide - 108, high - 118), outline=_RED, width=2)
    _label(draw, high)
    out = io.BytesIO()
    picture.convert("L" if not stamped else "RGB").save(out, "PDF", creationDate=None, modDate=None)
    return out.getvalue()


def names() -> tuple[str, ...]:
    """What can be drawn."""
    return tuple(_DRAWN)


def _street(draw: Draw, key: str, *, night: bool) -> None:
    edge = -10
    n = 0
    while edge < WIDTH:
        wide, high = 90 + int(90 * chance(key, n)), 120 + int(120 * chance(key, n, "high"))
        tone = int(150 + 70 * chance(key, n, "tone"))
        fill = (tone // 3, tone // 3, tone // 3 + 8) if night else (tone, tone - 8, tone - 24)
        draw.rectangle((edge, _HORIZON + 60 - high, edge + wide, _FOOT), fill=fill, outline=_INK, width=2)
        for x in range(edge + 14, edge + wide - 24, 34):
            lit = night and chance(key, n, x) < 0.5
            draw.rectangle((x, _HORIZON + 80 - high, x + 18, _HORIZON + 108 - high), fill=_YELLOW if lit else _BLUE)
        edge, n = edge + wide + 4, n + 1
    draw.rectangle((0, _FOOT, WIDTH, _FOOT + 44), fill=_KERB)
    draw.rectangle((0, _FOOT + 44, WIDTH, HEIGHT), fill=_INK if night else _ROAD)
    for x in range(0, WIDTH, 120):
        draw.rectangle((x, 500, x + 64, 508), fill="#e9e4d2")


def _lamp(draw: Draw, fixed: bool, variant: int) -> None:
    for x in (170 + 40 * variant, 520 + 40 * variant):
        lit = fixed or (variant == 1 and x > 500)
        if lit:
            draw.polygon([(x + 70, 120), (x - 40, 420), (x + 190, 420)], fill="#6b6a4a")
            draw.ellipse((x - 60, 400, x + 200, 440), fill="#b8ab6a")
        draw.line((x, _FOOT + 40, x, 110), fill="#9aa3a8", width=10)
        draw.line((x, 110, x + 70, 100), fill="#9aa3a8", width=8)
        draw.ellipse((x + 48, 96, x + 96, 120), fill=_YELLOW if lit else "#4a5258", outline="#9aa3a8", width=3)


def _pothole(draw: Draw, fixed: bool, variant: int) -> None:
    x, y = 280 + 60 * variant, 440
    shape = [
        (x, y + 50),
        (x + 40, y + 10),
        (x + 130, y),
        (x + 220, y + 20),
        (x + 250, y + 60),
        (x + 150, y + 100),
        (x + 50, y + 92),
    ]
    if fixed:
        draw.rectangle((x - 20, y - 10, x + 270, y + 110), fill="#54585b", outline="#3e4245", width=3)
        return
    draw.polygon(shape, fill="#3a3633", outline=_INK, width=4)
    draw.ellipse((x + 60, y + 35, x + 180, y + 80), fill=_WATER)
    for n in range(5):
        draw.line((x + 250, y + 60, x + 300 + 12 * n, y + 30 + 16 * n), fill="#4b4a47", width=3)


def _waste(draw: Draw, fixed: bool, variant: int) -> None:
    x = 200 + 90 * variant
    draw.rectangle((x, 290, x + 110, 410), fill="#3f7a55", outline=_INK, width=4)
    draw.rectangle((x - 8, 276, x + 118, 294), fill="#2f5e41", outline=_INK, width=3)
    if fixed:
        return
    for n in range(16):
        px, py = x - 60 + int(260 * chance(variant, n)), 380 + int(70 * chance(variant, n, "y"))
        fill = ("#e8e6df", "#2c2f33", "#c9b37a", "#7fa6b8")[n % 4]
        draw.ellipse((px, py, px + 60, py + 44), fill=fill, outline=_INK, width=2)


def _flood(draw: Draw, fixed: bool, variant: int) -> None:
    if fixed:
        draw.rectangle((360, 420, 470, 450), fill=_INK)
        for n in range(6):
            draw.line((368 + 18 * n, 422, 368 + 18 * n, 448), fill="#9aa3a8", width=6)
        return
    top = 400 - 12 * variant
    draw.rectangle((0, top, WIDTH, HEIGHT), fill=_WATER)
    for row in range(top + 20, HEIGHT, 34):
        for x in range(row % 90, WIDTH, 150):
            draw.arc((x, row, x + 70, row + 16), 180, 360, fill="#d5e3e8", width=3)
    draw.rounded_rectangle((470, top - 60, 640, top + 30), 18, fill=_RED, outline=_INK, width=4)
    draw.rectangle((500, top - 48, 610, top - 14), fill=_SKY, outline=_INK, width=3)


def _tree(draw: Draw, fixed: bool, variant: int) -> None:
    for x in (110, 650):
        draw.rectangle((x, 250, x + 22, 400), fill=_TRUNK)
        draw.ellipse((x - 60, 130, x + 80, 280), fill=_GREEN, outline=_INK, width=3)
    if fixed:
        draw.ellipse((360, 380, 440, 410), fill="#c7a97c", outline=_TRUNK, width=4)
        return
    draw.line((380, 400, 620, 520 - 20 * variant), fill=_TRUNK, width=30)
    draw.ellipse((520, 420, 760, 580), fill=_GREEN, outline=_INK, width=3)


def _sign(draw: Draw, fixed: bool, variant: int) -> None:
    if fixed:
        draw.line((400, 420, 400, 180), fill="#9aa3a8", width=12)
        draw.ellipse((340, 90, 460, 210), fill=_RED, outline="#f3f1ea", width=8)
        draw.rectangle((362, 138, 438, 162), fill="#f3f1ea")
        return
    draw.line((320, 440, 560, 380 - 10 * variant), fill="#9aa3a8", width=12)
    draw.ellipse((540, 310, 650, 420), fill=_RED, outline="#f3f1ea", width=8)
    draw.line((560, 390, 630, 340), fill="#f3f1ea", width=16)
    for n in range(4):
        draw.arc((-60, 20 + 26 * n, WIDTH + 60, 240 + 40 * n), 20, 160, fill=_INK, width=3)


def _wall(draw: Draw, fixed: bool, variant: int) -> None:
    if fixed:
        draw.rectangle((120, _FOOT + 6, 700, _FOOT + 38), fill="#cfccc2", outline="#a9a69b", width=2)
        return
    for n in range(3 + variant):
        x = 110 + 150 * n
        draw.polygon([(x - 20, 250), (x + 130, 250), (x + 110, 300), (x, 300)], fill=(_RED, _BLUE, _GREEN)[n % 3])
        draw.rectangle((x + 6, 340, x + 100, 356), fill="#b0793f", outline=_INK, width=2)
        draw.line((x + 14, 356, x + 14, 410), fill=_INK, width=5)
        draw.line((x + 92, 356, x + 92, 410), fill=_INK, width=5)


def _tap(draw: Draw, fixed: bool, variant: int) -> None:
    draw.rectangle((330, 250, 360, 420), fill="#8c9499", outline=_INK, width=3)
    draw.rectangle((330, 250, 450, 280), fill="#8c9499", outline=_INK, width=3)
    draw.rectangle((426, 280, 450, 310), fill="#8c9499", outline=_INK, width=3)
    draw.ellipse((366, 222, 414, 250), fill=_BLUE, outline=_INK, width=3)
    if fixed:
        draw.line((438, 312, 438, 430), fill="#a9d3e6", width=12)
    elif variant:
        draw.ellipse((240, 420, 560, 500), fill=_WATER, outline="#d5e3e8", width=4)


_DRAWN: dict[str, Callable[[Draw, bool, int], None]] = {
    "lamp": _lamp, "pothole": _pothole, "waste": _waste, "flood": _flood, "tree": _tree, "sign": _sign, "wall": _wall,
    "tap": _tap,
}  # fmt: skip


def _label(draw: Draw, high: int = HEIGHT) -> None:
    """ẢNH VẼ MINH HỌA: the font that comes with Pillow has no Vietnamese marks, so they are drawn."""
    font = ImageFont.load_default(26)
    text = "ANH VE MINH HOA"
    x, y = 18, high - 40
    draw.rectangle((0, high - 58, 36 + int(draw.textlength(text, font)), high), fill="#fffbe8", outline=_INK)
    draw.text((x, y), text, fill=_INK, font=font)
    middle = [x + draw.textlength(text[:n], font) + draw.textlength(text[n], font) / 2 for n in (0, 5, 13)]
    hook, tilde, dot = middle
    draw.arc((hook - 4, y - 9, hook + 4, y - 1), 180, 60, fill=_INK, width=2)
    draw.line((hook, y - 2, hook, y + 2), fill=_INK, width=2)
    draw.arc((tilde - 9, y - 6, tilde, y + 2), 180, 360, fill=_INK, width=2)
    draw.arc((tilde, y - 8, tilde + 9, y), 0, 180, fill=_INK, width=2)
    draw.ellipse((dot - 2, y + 29, dot + 2, y + 33), fill=_INK)
