"""Mail adapter for development: every message becomes a file that the development mailbox shows."""

import os
from pathlib import Path

from integrations.mail.port import Message, compose


class FolderMail:
    """Writes ``<message_id>.eml``; the same message again replaces its own file, so it never shows twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: Message) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{message.message_id}.{os.getpid()}"
        draft.write_bytes(bytes(compose(message)))
        draft.replace(self.folder / f"{message.message_id}.eml")
