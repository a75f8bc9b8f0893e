"""Papers adapter: typst, in process. Data arrives in the template as ``json(bytes(sys.inputs.data))``."""

import json
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
