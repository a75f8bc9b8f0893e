"""One action for many rows of a list: chosen by ticking, or all that the filter shows; and the page where it is watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Select, select

from backoffice.admin import access, timeline
from backoffice.admin.actions import needs, request_key, run, typed_reason
from backoffice.admin.cells import ZONE, choices, state
from backoffice.admin.filters import equals, narrowed
from backoffice.admin.lists import DeskList
from backoffice.batches import service as batches
from backoffice.batches.models import Batch, BatchState, ItemState
from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.staff import service as staff
from backoffice.staff.roles import Right


@dataclass(frozen=True)
class ForMany:
    """An action that can be done to many rows: its name in ``jobs.tasks.batches``, and whether it asks why."""

    name: str
    label: str
    asks: bool = True

    @property
    def right(self) -> Right:
        return batches.right_for(self.name)


LABELS: dict[str, str] = {}  # action → what it is called
SEEN_BY: dict[str, Right] = {}  # action → the right that seeing its rows asks for


class Many(DeskList):
    """A desk whose rows can be ticked."""

    for_many: ClassVar[Sequence[ForMany]] = ()

    def offered(self) -> list[ForMany]:
        """What this colleague may do to many."""
        return [item for item in self.for_many if access.has(item.right)]

    @expose("/batch", methods=["POST"])
    @needs(Right.SEE_INBOX)  # the action itself asks for its own right
    def batch(self) -> ResponseReturnValue:
        started: list[str] = []

        def act() -> None:
            wish = next((item for item in self.for_many if item.name == request.form.get("action")), None)
            if wish is None:
                raise NotFound("action for many")
            access.demand(wish.right)
            why = typed_reason(needed=wish.asks)

            def start() -> str:
                owner = staff.by_ref(access.me().ref)
                chosen = self._all() if request.form.get("all") else request.form.getlist("ref")
                batch = batches.start(
                    wish.name, chosen, desk=self.key, owner=owner, reason=why, request_key=f"{owner.id}:{request_key()}"
                )
                return batch.ref

            started.append(units.write(start))

        here = (
            f"{self.get_url('.index_view')}?{urlencode(self._kept(request.args))}"  # never the whole list by accident
        )
        answer = run(act, "It is under way; this page shows how far it is.", here)
        return redirect(f"/admin/batches/{started[0]}", 303) if started else answer

    def _all(self) -> list[str]:
        """Everything the list is narrowed to, one more than a batch takes at the most: then it is refused."""
        query, problems = narrowed(self.rows().with_only_columns(self.model.ref), self.filters(), request.args)
        if problems:
            return []
        return list(session.scalars(query.order_by(self.model.id).limit(batches.MOST + 1)))


class BatchDesk(DeskList):
    sees = Right.SEE_INBOX
    moment = "created_at"
    column_list = ("action", "created_at", "owner_name", "total", "state", "reason")
    column_more = ("finished_at", "ref")
    column_labels = MappingProxyType(
        {"action": "What", "created_at": "Begun", "owner_name": "By", "total": "Rows", "reason": "Why"}
    )
    column_formatters = MappingProxyType({"state": state, "action": lambda _v, _c, row, _n: label_of(row)})
    numbers = frozenset({"total"})
    narrows = (equals("state", "State", Batch.state, choices(BatchState), BatchState),)
    blank = "Nothing was done to many rows yet."
    one_template = "office/batch.html"

    def rows(self) -> Select[Any]:
        """Whoever may not see a desk does not see what was done to its rows, and why."""
        return select(Batch).where(Batch.action.in_([name for name, right in SEEN_BY.items() if access.has(right)]))

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        batch = session.scalars(self.rows().where(Batch.ref == ref)).one_or_none()
        if batch is None:
            raise NotFound("batch")
        return self.render(
            self.one_template,
            batch=batch,
            label=label_of(batch),
            counts=batches.progress(batch),
            items=batches.items(batch),
            states=ItemState,
            days=timeline.by_day(timeline.of([batch.subject()]), ZONE),
        )


def label_of(batch: Batch) -> str:
    return LABELS.get(batch.action, batch.action)
