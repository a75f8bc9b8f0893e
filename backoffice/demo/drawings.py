"""The pictures of Plumb & Level: technical line drawings, one stroke weight, dimension lines, drawn true to size.

Each family is a function of its measures and returns the inside of an SVG on a sheet of 800 by 640. Ink only: the
shop lays it on its tint, and inverts it in the dark."""

import math
from collections.abc import Callable
from itertools import pairwise

from backoffice.demo.strokes import FINE, WIDE, across, circle, fine, line, rect, smaller, svg, text, ticks, upright


def level(millimetres: int) -> str:
    """A spirit level: its vials keep their size while the body grows."""
    length = 250 + 290 * (millimetres - 300) / 700
    left = (WIDE - length) / 2
    right, top, high = left + length, 250, 92
    middle = WIDE / 2
    body = rect(left, top, length, high, 6) + fine(f"M{left} {top + 18}H{right}M{left} {top + high - 18}H{right}")
    vial = rect(middle - 62, top + 22, 124, 46, 23) + line(middle - 22, top + 22, middle - 22, top + 68)
    vial += line(middle + 22, top + 22, middle + 22, top + 68)
    vial += f'<ellipse cx="{middle}" cy="{top + 40}" rx="19" ry="12"/>'
    ends = ""
    if millimetres > 300:
        for x in (left + 64, right - 64):
            ends += circle(x, top + 46, 27) + line(x, top + 19, x, top + 73) + line(x - 18, top + 46, x + 18, top + 46)
    return (
        body
        + vial
        + ends
        + across(left, right, top + high + 52, f"{millimetres} mm")
        + upright(right + 34, top, top + high, "")
    )


def pocket_level(millimetres: int) -> str:
    """A small brass cylinder with a clip."""
    left, top = 260, 250
    return (
        rect(left, top, 280, 84, 42) + rect(left + 70, top + 14, 140, 56, 28) + line(left + 118, top + 14, left + 118, top + 70)
        + line(left + 162, top + 14, left + 162, top + 70) + f'<ellipse cx="{left + 140}" cy="{top + 34}" rx="18" ry="11"/>'
        + fine(f"M{left + 34} {top + 6}v72M{left + 246} {top + 6}v72")
        + f'<path d="M{left + 60} {top}v-30h160v30"/>' + across(left, left + 280, top + 140, f"{millimetres} mm")
    )  # fmt: skip


def machinist_level(millimetres: int) -> str:
    """A cast frame with a ground prism below."""
    length = 300 + (millimetres - 150) * 2
    left = (WIDE - length) / 2
    right, top = left + length, 240
    return (
        f'<path d="M{left} {top + 120}V{top + 60}q0-20 20-20h{length * 0.16:.0f}q14-40 50-40h{length - 140 - length * 0.32:.0f}'
        f'q36 0 50 40h{length * 0.16:.0f}q20 0 20 20v60z"/>'
        + rect(WIDE / 2 - 70, top + 24, 140, 40, 20) + f'<ellipse cx="{WIDE / 2}" cy="{top + 38}" rx="22" ry="10"/>'
        + fine("".join(f"M{WIDE / 2 + x} {top + 24}v40" for x in (-46, -34, 34, 46)))
        + fine(f"M{left} {top + 100}H{right}") + f'<path d="M{left + 20} {top + 120}l14 16h{length - 68}l14-16"/>'
        + across(left, right, top + 190, f"{millimetres} mm")
    )  # fmt: skip


def line_level() -> str:
    """Hung on a mason's line."""
    return (
        fine("M80 226H720") + rect(290, 256, 220, 66, 33) + rect(345, 270, 110, 38, 19) + line(382, 270, 382, 308)
        + line(418, 270, 418, 308) + '<ellipse cx="400" cy="283" rx="14" ry="8"/>'
        + '<path d="M318 258V224q0-16 12-16t12 16M482 258V224q0-16-12-16t-12 16"/>' + across(290, 510, 376, "80 mm")
    )  # fmt: skip


def caliper(millimetres: int) -> str:
    """A vernier caliper, jaws to the left, opened by a third."""
    length = 360 + (millimetres - 150) * 1.4
    left, top = (WIDE - length - 90) / 2, 210
    slide = left + 40 + length * 0.3
    beam = rect(left + 40, top, length, 58, 3) + ticks(left + 58, top + 4, (length - 40) / 60, 60, size=8)
    fixed = (
        f'<path d="M{left + 40} {top}h-34l-16-58 28 30h22v28M{left + 40} {top + 58}v30q0 96-34 142-14-44-6-142v-88"/>'
    )
    moving = (
        f'<path d="M{slide} {top - 12}h150v104h-150zM{slide} {top + 92}q0 76 34 138 12-46 4-138M{slide} {top - 12}v-28l20-30'
        f'-6 58"/>' + ticks(slide + 20, top + 88, 5.5, 20, size=8, down=False)
    )
    screw = circle(slide + 112, top - 26, 14)
    return (
        beam
        + fixed
        + moving
        + screw
        + fine(f"M{left + 40 + length} {top + 29}h44")
        + across(left + 40, slide, top + 268, f"0–{millimetres} mm")
    )


def rule(millimetres: int) -> str:
    """A steel rule with a hole to hang it by."""
    length = 300 + 340 * (millimetres - 150) / 450
    left, top = (WIDE - length) / 2, 270
    count = 30 + (millimetres - 150) // 15
    step = (length - 70) / count
    return (
        rect(left, top, length, 84, 5) + ticks(left + 16, top + 2, step, count, size=12)
        + "".join(text(left + 16 + step * index, top + 56, str(index), 18) for index in range(10, count + 1, 10))
        + circle(left + length - 26, top + 42, 10) + across(left, left + length, top + 132, f"{millimetres} mm")
    )  # fmt: skip


def folding_rule() -> str:
    """Ten members of beech, half opened."""
    points = [(120, 420), (300, 250), (420, 420), (540, 250), (680, 380)]
    parts = []
    for (x1, y1), (x2, y2) in pairwise(points):
        angle = math.atan2(y2 - y1, x2 - x1)
        dx, dy = math.sin(angle) * 17, -math.cos(angle) * 17
        parts.append(
            f'<path d="M{x1 + dx:.1f} {y1 + dy:.1f}L{x2 + dx:.1f} {y2 + dy:.1f}M{x1 - dx:.1f} {y1 - dy:.1f}L{x2 - dx:.1f} {y2 - dy:.1f}"/>'
        )
        strokes = "".join(
            f"M{x1 + (x2 - x1) * i / 14 + dx:.1f} {y1 + (y2 - y1) * i / 14 + dy:.1f}l{-dx * 0.6:.1f} {-dy * 0.6:.1f}"
            for i in range(2, 13)
        )
        parts.append(fine(strokes))
    return (
        "".join(parts)
        + "".join(circle(x, y, 21) + circle(x, y, 5) for x, y in points)
        + text(400, 520, "2 m in ten members")
    )


def plumb_bob(grams: int) -> str:
    """A turned brass bob on its cord: heavier is larger by the cube root."""
    scale = (grams / 400) ** (1 / 3)
    wide, high, top = 74 * scale, 210 * scale, 250
    x = WIDE / 2
    return (
        fine(f"M{x} 60V{top - 44}") + rect(x - 18, top - 44, 36, 22, 4) + rect(x - 26 * scale, top - 22, 52 * scale, 22, 4)
        + f'<path d="M{x - wide} {top}h{2 * wide:.1f}v{high * 0.22:.1f}q0 {high * 0.3:.1f}-{wide * 0.7:.1f} {high * 0.56:.1f}'
        f"L{x} {top + high:.1f}L{x - wide * 0.3:.1f} {top + high * 0.78:.1f}q-{wide * 0.7:.1f}-{high * 0.26:.1f}-{wide * 0.7:.1f}-{high * 0.56:.1f}z"
        + '"/>' + fine(f"M{x - wide} {top + 18}H{x + wide}M{x - wide} {top + high * 0.22:.1f}H{x + wide}")
        + upright(x + wide + 44, top, top + high, f"{grams} g")
    )  # fmt: skip


def square(millimetres: int) -> str:
    """A try square: walnut stock, steel blade."""
    blade = 200 + millimetres
    left, bottom = 230, 500
    return smaller(
        rect(left, bottom - 64, 300, 64, 4) + rect(left + 20, bottom - 64 - blade, 46, blade, 2)
        + "".join(circle(left + 43, bottom - 46 + 14 * i, 4) for i in range(3)) + circle(left + 90, bottom - 32, 4)
        + fine(f"M{left} {bottom - 50}H{left + 300}M{left + 66} {bottom - 92}h28v28")
        + upright(left - 60, bottom - 64 - blade, bottom - 64, "").replace("<text", "<text opacity='0'")
        + text(left - 96, bottom - 64 - blade / 2, f"{millimetres}") + text(left - 96, bottom - 40 - blade / 2, "mm")
    )  # fmt: skip


def dividers(millimetres: int) -> str:
    """Two legs, a bow and a screw."""
    return smaller(
        circle(400, 130, 34) + circle(400, 130, 12) + '<path d="M382 160L270 500l-8 40M418 160l112 340 8 40"/>'
        + '<path d="M402 164L292 492l-30 48M398 164l110 328 30 48"/>' + '<path d="M330 330q70-34 140 0"/>'
        + circle(486, 338, 15) + '<path d="M384 96v-40h32v40"/>' + fine("M384 66h32M384 80h32")
        + across(262, 538, 580, f"0–{millimetres} mm")
    )  # fmt: skip


def dial(marks: int, words: str, *, hand: float, low: float = -225, high: float = 45, frame: int = 2) -> str:
    """A round instrument with a scale and a hand (degrees, 0 to the right)."""
    x, y, r = 400, 320, 200
    rings = "".join(circle(x, y, r + 16 * i) for i in range(frame)) + circle(x, y, 8)
    strokes = []
    for index in range(marks + 1):
        angle = math.radians(low + (high - low) * index / marks)
        inner = r - (30 if index % 10 == 0 else 22 if index % 5 == 0 else 14)
        strokes.append(
            f"M{x + inner * math.cos(angle):.1f} {y + inner * math.sin(angle):.1f}L{x + (r - 6) * math.cos(angle):.1f} {y + (r - 6) * math.sin(angle):.1f}"
        )
    angle = math.radians(hand)
    tip = (x + (r - 44) * math.cos(angle), y + (r - 44) * math.sin(angle))
    tail = (x - 46 * math.cos(angle), y - 46 * math.sin(angle))
    return rings + fine("".join(strokes)) + line(*tail, *tip) + text(x, y + 92, words, 24)


def barometer(case: str) -> str:
    """An aneroid in a ring of brass, or in an eight-cornered case of oak."""
    wood = ""
    if case == "oak":
        corners = [
            (400 + radius * math.cos(angle), 320 + radius * math.sin(angle))
            for radius in (282, 262)
            for angle in (math.radians(22.5 + 45 * corner) for corner in range(8))
        ]
        outer, inner = (
            "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in (corners[:8], corners[8:])
        )
        mitres = "".join(
            f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}" for a, b in zip(corners[:8], corners[8:], strict=True)
        )
        grain = "M330 66h140M318 74h100M330 574h140M400 566h90M146 270v100M154 290v60M654 270v100M646 250v70"
        wood = f'<path d="{outer}"/>' + fine(inner + mitres + grain)
    return (
        wood + dial(60, "hPa", hand=-70) + text(268, 260, "rain", 22) + text(400, 206, "change", 22) + text(532, 260, "fair", 22)
        + ("" if wood else circle(400, 84, 14) + fine("M400 98v6"))
    )  # fmt: skip


def hygrometer() -> str:
    hair = fine("M316 190q84-40 168 0")
    return dial(50, "% humidity", hand=-40) + hair + text(278, 330, "dry", 22) + text(522, 330, "moist", 22)


def thermometer() -> str:
    x, top = 400, 80
    scale = "".join(f"M{x + 34} {top + 40 + i * 9.2:.1f}h{26 if i % 5 == 0 else 14}" for i in range(41))
    figures = "".join(text(x + 88, top + 47 + i * 46, str(40 - 10 * i), 20) for i in range(9))
    return smaller(
        rect(x - 70, 50, 190, 540, 14) + rect(x - 14, top, 28, 400, 14) + circle(x, 520, 34)
        + f'<path d="M{x} {520 - 34}V{top + 180}" stroke-width="7"/>' + fine(scale) + figures + circle(x + 25, 66, 5)
    )  # fmt: skip


def balance(grams: int) -> str:
    return smaller(
        '<path d="M400 120V500M300 540h200l-30-40H330zM400 150L180 110M400 150l220 40"/>' + circle(400, 150, 16)
        + '<path d="M180 110l-80 170M180 110l80 170M100 280h160q-14 50-80 50t-80-50zM620 190l-80 170M620 190l80 170'
        'M540 360h160q-14 50-80 50t-80-50z"/>' + '<path d="M392 166l-4 70 20-68"/>' + fine("M360 236q40 18 80 0")
        + rect(586, 312, 30, 46, 3) + rect(626, 326, 22, 32, 3) + text(400, 590, f"to {grams} g")
    )  # fmt: skip


def theodolite() -> str:
    return smaller(
        rect(250, 150, 300, 76, 12) + rect(550, 162, 40, 52, 4) + rect(210, 168, 40, 40, 4) + circle(400, 188, 62)
        + circle(400, 188, 44) + fine("M400 126v124M338 188h124") + '<path d="M330 210v90h140v-90M300 300h200v34H300z"/>'
        + '<path d="M340 334v26h120v-26M320 360h160M350 360L246 582M450 360l104 222M400 360v222"/>'
        + circle(318, 317, 10) + circle(482, 317, 10) + fine("M300 318h200")
    )  # fmt: skip


def handbook(words: str) -> str:
    return (
        '<path d="M230 90h320q20 0 20 20v420q0 20-20 20H250q-20 0-20-20z"/>' + fine("M262 90v460M246 90v460")
        + rect(310, 170, 210, 110, 2) + text(415, 220, words, 26) + text(415, 256, "of measuring", 20)
        + fine("M340 420h150M415 420v-84M392 336h46l-23 60z") + '<path d="M230 530q0-22 20-22h320"/>'
    )  # fmt: skip


def record(words: str) -> str:
    grooves = "".join(
        f'<circle cx="400" cy="320" r="{r}" stroke="{FINE}" stroke-width="1.6"/>' for r in range(96, 200, 13)
    )
    return circle(400, 320, 216) + grooves + circle(400, 320, 74) + circle(400, 320, 8) + text(400, 296, words, 19)


def visit() -> str:
    """A workshop table, a lamp, a clock: somebody comes."""
    return (
        '<path d="M150 430h500M190 430v150M610 430v150M150 430v-24h500v24"/>' + rect(230, 340, 190, 66, 5)
        + rect(290, 356, 70, 30, 15) + '<path d="M540 406V250l-70-70M470 180l-50 20 40 60 34-50z"/>' + circle(240, 190, 66)
        + line(240, 190, 240, 146) + line(240, 190, 270, 206) + fine("M240 130v8M240 242v8M180 190h8M292 190h8")
        + fine("M540 300h-14M470 406h140")
    )  # fmt: skip


FAMILIES: dict[str, Callable[..., str]] = {
    "level": level, "pocket_level": pocket_level, "machinist_level": machinist_level, "line_level": line_level,
    "caliper": caliper, "rule": rule, "folding_rule": folding_rule, "plumb_bob": plumb_bob, "square": square,
    "dividers": dividers, "barometer": barometer, "hygrometer": hygrometer, "thermometer": thermometer,
    "balance": balance, "theodolite": theodolite, "handbook": handbook, "record": record, "visit": visit,
}  # fmt: skip


def draw(family: str, *measures: int | str) -> str:
    """The SVG of one thing: ``draw("level", 600)``."""
    return svg(FAMILIES[family](*measures))
