"""How many defects are detected over the requests of a run, and with perfect knowledge of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count, pairwise

WIDTH, HEIGHT, MARGIN = 760, 360, 48
TICKS = 6


def detected_by_request(firsts: Sequence[int]) -> list[tuple[int, int]]:
    """Return (requests sent, defects detected) from the number of the first request that detected each defect."""
    return [(request, place + 1) for place, request in enumerate(sorted(firsts))]


def greedy_cover(detected_by: Mapping[str, frozenset[str]]) -> list[tuple[int, int]]:
    """Return (requests, defects) of a greedy set cover: each next request detects most of the remaining defects.

    `detected_by` maps a defect to the mutations that detected it. No order of the same requests does much better.
    """
    shows: dict[str, set[str]] = {}
    for defect, mutations in detected_by.items():
        for mutation in mutations:
            shows.setdefault(mutation, set()).add(defect)
    left = {defect for defect, mutations in detected_by.items() if mutations}
    points: list[tuple[int, int]] = []
    everything = len(left)
    while left:
        best = max(sorted(shows), key=lambda mutation: len(shows[mutation] & left))
        left -= shows[best]
        points.append((len(points) + 1, everything - len(left)))
    return points


def requests_until(points: Sequence[tuple[int, int]], share: float) -> int:
    """Return how many requests it took to detect this share of all detected defects."""
    wanted = share * points[-1][1]
    return next(requests for requests, detected in points if detected >= wanted)


def svg(curves: Mapping[str, Sequence[tuple[int, int]]], seeded: int) -> str:
    """Draw the curves, each under its name, over requests sent (across) and defects detected (up)."""
    widest = max(points[-1][0] for points in curves.values())
    colours = ("#2563eb", "#9ca3af", "#ea580c", "#16a34a")

    def at(requests: float, detected: float) -> tuple[float, float]:
        across = MARGIN + requests / widest * (WIDTH - 2 * MARGIN)
        return round(across, 1), round(HEIGHT - MARGIN - detected / seeded * (HEIGHT - 2 * MARGIN), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"',
        ' font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for requests in _ticks(widest):
        x, bottom = at(requests, 0)
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{requests}</text>')
    for detected in _ticks(seeded):
        left, y = at(0, detected)
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{detected}</text>')
        parts.append(f'<line x1="{left}" y1="{y}" x2="{WIDTH - MARGIN}" y2="{y}" stroke="#e5e7eb"/>')
    for place, (name, points) in enumerate(curves.items()):
        steps = [at(0, 0)]
        for (_, before), (requests, detected) in pairwise([(0, 0), *points]):
            steps += [at(requests, before), at(requests, detected)]
        line = " ".join(f"{x},{y}" for x, y in steps)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colours[place]}" stroke-width="2"/>')
        beside = HEIGHT * 2 // 5 + 18 * place
        parts.append(f'<text x="{WIDTH * 0.45}" y="{beside}" fill="{colours[place]}">{name}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">requests sent</text>')
    parts.append(f'<text x="14" y="{MARGIN - 16}">seeded defects detected</text></svg>')
    return "\n".join(parts) + "\n"


def _ticks(end: int) -> range:
    """Return round numbers from 0 to `end`, at most TICKS of them above 0."""
    steps = (leading * 10**zeros for zeros in count() for leading in (1, 2, 5))
    return range(0, end + 1, next(step for step in steps if end // step <= TICKS))
