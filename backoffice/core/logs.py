"""Structured logs: every line carries the request id; secrets and bodies never enter."""

import logging
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from backoffice.core.actor import origin

SECRET_WORDS = ("secret", "password", "token", "authorization", "cookie", "api_key")


def configure(level: str, form: str) -> None:
    """Send structlog and the standard library's logging through one renderer: ``json`` or ``text``."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        _drop_secrets,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for quiet in ("rq", "alembic", "stripe", "urllib3"):  # the last two write what is sent and answered, at DEBUG
        logging.getLogger(quiet).setLevel("WARNING")


def _add_request_id(_logger: Any, _method: str, line: EventDict) -> EventDict:
    where = origin()
    if where.via != "code":
        line.setdefault("request_id", where.request_id)
        line.setdefault("via", where.via)
    return line


def _drop_secrets(_logger: Any, _method: str, line: EventDict) -> EventDict:
    for key in line:
        if any(word in key.lower() for word in SECRET_WORDS):
            line[key] = "…"
    return line
