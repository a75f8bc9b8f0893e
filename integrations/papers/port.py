"""The papers port: a template and its data become a PDF."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Typesetter(Protocol):
    def pdf(self, template: Path, data: Mapping[str, Any]) -> bytes:
        """Typeset ``template`` with ``data`` (JSON) into a PDF/A-3b; the same input gives the same bytes."""
        ...
