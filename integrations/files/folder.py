"""Files adapter: a folder (local or a shared mount), content-addressed by SHA-256, written atomically."""

import hashlib
import os
import secrets
from pathlib import Path

from integrations.files.port import MissingFile


class FolderStore:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{sha256}.{secrets.token_hex(4)}")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return sha256

    def get(self, sha256: str) -> bytes:
        try:
            content = self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise MissingFile(sha256) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise MissingFile(sha256)
        return content

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256
