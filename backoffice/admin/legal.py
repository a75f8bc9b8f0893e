"""The page of the legal texts: which version counts, since when, and the next one."""

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin import access, timeline
from backoffice.admin.actions import ReasonNeeded, needs, reason, run, typed_number
from backoffice.admin.cells import ZONE
from backoffice.admin.frame import Screen
from backoffice.core import units
from backoffice.core.errors import CounterfoilError
from backoffice.entities import service as entities
from backoffice.entities.models import TITLES, LegalKind
from backoffice.staff.roles import Right

LONGEST = 200_000  # letters of a text


class WrittenMeanwhile(CounterfoilError):
    status = 409

    def __init__(self, version: int) -> None:
        super().__init__(
            f"A colleague published version {version} since you opened this page. Compare both, then load the page again."
        )


class Legal(Screen):
    sees = Right.SEE_CATALOGUE

    def __init__(self) -> None:
        super().__init__("Legal texts", "legal", "Records")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        entity = entities.seller()
        rows = entities.versions(entity)
        return self.render(
            "office/legal_texts.html",
            texts=[(kind, name, [row for row in rows if row.kind == kind]) for kind, name in TITLES.items()],
            days=timeline.by_day(timeline.of([entity.subject()]), ZONE),
        )

    @expose("/<kind>")
    def one(self, kind: str) -> ResponseReturnValue:
        return self._page(_kind(kind))

    @expose("/<kind>/publish", methods=["POST"])
    @needs(Right.PUBLISH_TEXTS)
    def publish(self, kind: str) -> ResponseReturnValue:
        """The next version. What cannot be published comes back as it was typed."""
        known = _kind(kind)
        typed = request.form.get("text", "")[:LONGEST].replace("\r\n", "\n")

        def act() -> bool:
            before = entities.newest(entities.seller(), known)
            if before and before.text != typed.strip() and before.version != typed_number("after"):
                raise WrittenMeanwhile(before.version)
            row = entities.publish(entities.seller(), known, typed, by=access.by(), reason=reason())
            return before is None or row.version != before.version

        try:
            is_new = units.write(act)
        except CounterfoilError as error:
            with units.read():
                status = 422 if isinstance(error, ReasonNeeded) else error.status
                return self._page(known, typed, str(error)), status
        done = (
            "It counts from now on; earlier versions stay readable."
            if is_new
            else "It says that already: nothing changed."
        )
        return run(lambda: None, done, self.get_url(".index"))

    def _page(self, kind: LegalKind, typed: str | None = None, problem: str = "") -> str:
        entity = entities.seller()
        current = entities.newest(entity, kind)
        return self.render(
            "office/legal_text.html",
            kind=kind,
            name=TITLES[kind],
            current=current,
            text=typed if typed is not None else current.text if current else "",
            after=typed_number("after") if problem else current.version if current else 0,
            problem=problem,
            why=request.form.get("reason", "")[:255],
            longest=LONGEST,
        )


def _kind(text: str) -> LegalKind:
    return LegalKind(text) if text in set(LegalKind) else abort(404)
