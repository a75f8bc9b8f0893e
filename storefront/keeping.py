"""What one process keeps of public pages: bounded by bytes, the least used goes first; text is kept packed."""

import pickle
import threading
import zlib
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from markupsafe import Markup

LONG = 2_000  # letters or bytes from which on text is packed: markup shrinks to a fifth and is unpacked in some 20 µs
FAST = 1  # of zlib's levels
ENTRY = 500  # bytes that an entry takes for itself


class Keeper:
    """Values under their keys, until a moment and for as long as there is room.

    ``room`` is in bytes: packed text weighs what it takes, anything else as much as its pickle, about a third of what it
    takes. Safe for threads. A value is given back equal to what came, text as a string of its own."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._kept: OrderedDict[Hashable, tuple[float, int, Any]] = OrderedDict()  # until when, weight, value
        self._weight = 0
        self._lock = threading.Lock()

    def find(self, key: Hashable, now: float) -> tuple[Any] | None:
        """What is kept under the key, in a tuple because it may be anything."""
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[0] <= now:
                return None
            self._kept.move_to_end(key)
        value = found[2]
        return (value.unpacked() if isinstance(value, _Packed) else value,)

    def keep(self, key: Hashable, until: float, value: Any) -> None:
        """A value greater than the whole room is not kept."""
        packed = _Packed(value) if isinstance(value, (str, bytes)) and len(value) > LONG else value
        weight = len(packed.content) if isinstance(packed, _Packed) else len(pickle.dumps(value))
        weight += ENTRY + len(repr(key))  # visitors choose words: a key may be longer than what is kept under it
        with self._lock:
            self._drop(key)
            if weight > self.room:
                return
            self._kept[key] = (until, weight, packed)
            self._weight += weight
            while self._weight > self.room:
                self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._weight = 0

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._weight -= gone[1]


class _Packed:
    """Text as few bytes."""

    __slots__ = ("content", "kind")

    def __init__(self, text: str | bytes) -> None:
        self.kind: type[str] | type[bytes] = type(text)
        self.content = zlib.compress(text.encode() if isinstance(text, str) else text, FAST)

    def unpacked(self) -> str | bytes:
        raw = zlib.decompress(self.content)
        if self.kind is bytes:
            return raw
        text = raw.decode()
        return Markup(text) if self.kind is Markup else text  # noqa: S704 - it was markup when it came
