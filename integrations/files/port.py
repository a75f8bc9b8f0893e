"""The files port: bytes under their own SHA-256."""

from typing import Protocol


class MissingFile(Exception):
    """The store does not hold these bytes, or holds others under this name."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256
        super().__init__(f"no intact file {sha256}")


class FileStore(Protocol):
    def put(self, content: bytes) -> str:
        """Keep the bytes and return their SHA-256 in hex; putting the same bytes again changes nothing."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes, checked against their hash. Raises MissingFile."""
        ...
