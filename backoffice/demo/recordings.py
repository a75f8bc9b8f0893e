"""The demo shop's recordings: computed, so that the files are real, small, and the same everywhere."""

import io
import math
import random
import struct
import wave
from collections.abc import Callable, Iterator
from itertools import islice

RATE = 11_025  # samples per second
SECONDS = 6


def spring() -> bytes:
    """A lathe's hum, granite taps and swifts: a mono WAV of a few seconds."""
    return _recorded(_in_the_workshop(step / RATE) for step in range(RATE * SECONDS))


def rain() -> bytes:
    """Drops on tin over a steady rush, and something heavy set down twice."""
    return _recorded(islice(_under_the_roof(), RATE * SECONDS))


RECORDINGS: dict[str, Callable[[], bytes]] = {"spring": spring, "rain": rain}


def _recorded(samples: Iterator[float]) -> bytes:
    body = io.BytesIO()
    with wave.open(body, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        loud = (max(-1.0, min(1.0, sample)) for sample in samples)
        sound.writeframes(b"".join(struct.pack("<h", int(9_000 * sample)) for sample in loud))
    return body.getvalue()


def _in_the_workshop(second: float) -> float:
    hum = 0.5 * math.sin(2 * math.pi * 98 * second) + 0.2 * math.sin(2 * math.pi * 196.5 * second)
    tap = math.exp(-60 * (second % 1.7)) * math.sin(2 * math.pi * 1_300 * second)
    swift = 0.25 * math.sin(2 * math.pi * (3_600 + 400 * math.sin(11 * second)) * second) if second % 2.3 < 0.4 else 0.0
    return 0.5 * hum + 0.4 * tap + swift


def _under_the_roof() -> Iterator[float]:
    chance = random.Random(1923)  # noqa: S311 - weather, not secrets
    rush = drop = pitch = 0.0
    step = 0
    while True:
        second = step / RATE
        rush = 0.92 * rush + 0.08 * chance.uniform(-1, 1)  # noise without its sharpest tones
        if chance.random() < 28 / RATE:
            drop, pitch = chance.uniform(0.2, 0.7), chance.uniform(700, 2_400)
        drop *= 0.995
        plane = math.exp(-25 * (second % 3.1)) * math.sin(2 * math.pi * 140 * second)
        yield 1.2 * rush + drop * math.sin(2 * math.pi * pitch * second) + 0.6 * plane
        step += 1
