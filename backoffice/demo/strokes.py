"""Strokes that the demo shop's drawings are made of: lines, measures and scales, as pieces of an SVG."""

INK, FINE = "#1f1d1a", "#6d675d"
WIDE = 800  # of the sheet things are drawn on; the view box leaves its margins out
VIEW = "60 46 680 544"


def svg(inside: str) -> str:
    """A whole drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{VIEW}" fill="none" stroke="{INK}" '
        f'stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round">{inside}</svg>'
    )


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def fine(path: str) -> str:
    return f'<path d="{path}" stroke="{FINE}" stroke-width="1.8"/>'


def rect(x: float, y: float, w: float, h: float, r: float = 4) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{r}"/>'


def circle(x: float, y: float, r: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"/>'


def text(x: float, y: float, words: str, size: int = 22) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="Libertinus Serif" font-size="{size}" text-anchor="middle" '
        f'fill="{FINE}" stroke="none">{words}</text>'
    )


def across(x1: float, x2: float, y: float, words: str) -> str:
    """A dimension line below a thing."""
    return fine(f"M{x1} {y}H{x2}M{x1} {y - 9}v18M{x2} {y - 9}v18") + text((x1 + x2) / 2, y + 32, words)


def upright(x: float, y1: float, y2: float, words: str) -> str:
    """A dimension line beside a thing."""
    return fine(f"M{x} {y1}V{y2}M{x - 9} {y1}h18M{x - 9} {y2}h18") + text(x + 42, (y1 + y2) / 2 + 7, words)


def ticks(x: float, y: float, step: float, count: int, *, long: int = 10, size: float = 12, down: bool = True) -> str:
    """A scale: every fifth stroke longer, every ``long``-th longest."""
    parts = []
    for index in range(count + 1):
        length = size * (2 if index % long == 0 else 1.5 if index % 5 == 0 else 1)
        parts.append(f"M{x + index * step:.1f} {y}v{length if down else -length:.1f}")
    return fine("".join(parts))


def smaller(inside: str, factor: float = 0.88) -> str:
    """Something tall, drawn about the middle of the sheet."""
    return f'<g transform="translate({400 * (1 - factor):.1f} {318 * (1 - factor):.1f}) scale({factor})">{inside}</g>'
