"""The demo shop's recording: a lathe's hum, granite taps and swifts, computed so that the file is real and small."""

import io
import math
import struct
import wave

RATE = 11_025  # samples per second
SECONDS = 6


def spring() -> bytes:
    """A mono WAV of a few seconds."""
    body = io.BytesIO()
    with wave.open(body, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(b"".join(struct.pack("<h", int(9_000 * _at(step / RATE))) for step in range(RATE * SECONDS)))
    return body.getvalue()


def _at(second: float) -> float:
    hum = 0.5 * math.sin(2 * math.pi * 98 * second) + 0.2 * math.sin(2 * math.pi * 196.5 * second)
    tap = math.exp(-60 * (second % 1.7)) * math.sin(2 * math.pi * 1_300 * second)
    swift = 0.25 * math.sin(2 * math.pi * (3_600 + 400 * math.sin(11 * second)) * second) if second % 2.3 < 0.4 else 0.0
    return max(-1.0, min(1.0, 0.5 * hum + 0.4 * tap + swift))
