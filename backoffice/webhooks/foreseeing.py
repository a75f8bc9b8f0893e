"""What handling an event once more would change: it is handled, asked about and all, and nothing of it is committed."""

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.audit import service as audit
from backoffice.audit.models import AuditEntry
from backoffice.core import units
from backoffice.core.db import session
from backoffice.tasks import service as tasks
from backoffice.webhooks import handling
from backoffice.webhooks.models import EventState, WebhookEvent
from backoffice.webhooks.service import NotOurs


@dataclass(frozen=True)
class Foreseen:
    """The counterfoils that would be written, and the names of the tasks that would follow."""

    changes: Sequence[AuditEntry]
    tasks: Sequence[str]


def foresee(event_id: int) -> Foreseen:
    """Handle an event and take all of it back. The provider is asked, as handling asks it. Raises NotOurs."""
    with units.read():
        if session.get_one(WebhookEvent, event_id).state == EventState.REJECTED:
            raise NotOurs
    with units.rehearsing() as rehearsed:
        handling.handle(event_id, again=True)
    return Foreseen(
        changes=[AuditEntry(**row) for unit in rehearsed for row in unit.left.get(audit.LEFT, ())],
        tasks=[row["name"] for unit in rehearsed for row, _is_new in unit.left.get(tasks.LEFT, ())],
    )
