"""The papers port: a template and its data become a PDF, a drawing becomes pixels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Typesetter(Protocol):
    def pdf(self, template: Path, data: Mapping[str, Any]) -> bytes:
        """Typeset ``template`` with ``data`` (JSON) into a PDF/A-3b; the same input gives the same bytes."""
        ...

    def png(self, svg: str, width: int) -> bytes:
        """Rasterise a drawing to ``width`` pixels, on a transparent ground; text is set in the typesetter's serif."""
        ...
