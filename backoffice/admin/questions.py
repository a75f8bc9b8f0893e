"""What a provider was asked last about a payment or a refund, and what it answered: in words for a list."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from backoffice.admin.cells import ZONE
from backoffice.core import formatting
from backoffice.payments.models import Payment
from backoffice.refunds.models import Refund
from backoffice.tasks import service as tasks
from backoffice.tasks.models import TaskState

COLUMNS = ("asked_at", "question", "answer", "unanswered")
LABELS = MappingProxyType(
    {"asked_at": "Asked last", "question": "Question", "answer": "Answer", "unanswered": "In vain"}
)
MADE_OF = MappingProxyType({"question": ("asked_at", "provider_ref", "last_answer"), "answer": ("last_answer",)})


def _question(row: Payment | Refund) -> str:
    """Who has a number at the provider is asked about; who has none is sent once more with the same key, or looked for."""
    if row.asked_at is None:
        return ""
    what = "how it stands" if row.provider_ref else "whether it arrived"
    return f"{what}, {row.last_answer['asked']}" if "asked" in row.last_answer else what


def _answer(row: Payment | Refund) -> str:
    said: Mapping[str, Any] = row.last_answer
    if "unanswered" in said:
        return f"none: {said['unanswered']}"
    return str(said.get("status") or said.get("refused") or "")


def told(row: Payment | Refund, task: str) -> list[tuple[str, str]]:
    """What was asked last and what came of it, as facts of a page; and when we ask again by ourselves. ``task`` is the key of
    the task that asks."""
    asking = tasks.find(task) if row.is_open else None
    again = asking.due_at if asking and asking.state == TaskState.WAITING else None
    return [
        ("Last asked", formatting.moment(row.asked_at, ZONE) if row.asked_at else ""),
        ("Asked", _question(row)),
        ("Answer", _answer(row)),
        ("In vain", f"{row.unanswered} times in a row" if row.unanswered > 1 else ""),
        ("Asked again by itself", formatting.moment(again, ZONE) if again else ""),
    ]


WORDS = MappingProxyType({"question": _question, "answer": _answer})
CELLS = MappingProxyType({name: lambda _view, _context, row, name: WORDS[name](row) for name in WORDS})
