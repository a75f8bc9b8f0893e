"""Papers adapter: typst, in process. Data arrives in the template as ``json(bytes(sys.inputs.data))``."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst


class TypstTypesetter:
    def pdf(self, template: Path, data: Mapping[str, Any]) -> bytes:
        result = typst.compile(
            str(template),
            root=str(template.parent),
            format="pdf",
            ignore_system_fonts=True,  # the same paper on every machine, from the fonts inside the package
            sys_inputs={"data": json.dumps(data)},
            pdf_standards=["a-3b"],
            timestamp=int(datetime.fromisoformat(data["dated"]).replace(tzinfo=UTC).timestamp()),
        )
        return bytes(result)

    def png(self, svg: str, width: int) -> bytes:
        _left, _top, units, height = (float(part) for part in re.search(r'viewBox="([^"]+)"', svg)[1].split())  # type: ignore[index]
        page = (
            f"#set page(width: {units}pt, height: {height}pt, margin: 0pt, fill: none)\n"
            f'#image(bytes(sys.inputs.svg), width: {units}pt, format: "svg")'
        )
        return bytes(
            typst.compile(
                page.encode(),
                format="png",
                ppi=72 * width / units,
                ignore_system_fonts=True,
                sys_inputs={"svg": svg},
            )
        )
