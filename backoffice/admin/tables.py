"""A table of articles: sent, looked through row by row, taken whole or not at all."""

from collections.abc import Sequence

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin import access, imports
from backoffice.admin.actions import needs, reason, run, typed_seen
from backoffice.admin.lists import DeskList
from backoffice.core import units
from backoffice.core.errors import CounterfoilError
from backoffice.staff.roles import Right


class TakesTables(DeskList):
    """The part of the product desk that takes a table."""

    more_links = (("Take a table", ".table", Right.EDIT_CATALOGUE),)

    @expose("/table")
    @needs(Right.EDIT_CATALOGUE)
    def table(self) -> ResponseReturnValue:
        """Where a table of articles is sent, looked through and taken."""
        return self._table_page("")

    @expose("/table/read", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def read_table(self) -> ResponseReturnValue:
        """Show what a table would do. Changes nothing."""
        sent = request.files.get("file")
        raw = sent.read(imports.LARGEST * 4) if sent and sent.filename else b""
        try:
            text = imports.read(raw) if raw else request.form.get("table", "")
        except imports.Unreadable as error:
            with units.read():
                return self._table_page("", problem=str(error)), error.status
        return self._looked_through(text)

    @expose("/table/take", methods=["POST"])
    @needs(Right.CHANGE_PRICES)
    def take_table(self) -> ResponseReturnValue:
        text = request.form.get("table", "")
        try:
            why = reason()
            seen = typed_seen()
            taken = units.write(lambda: imports.take(text, why, seen=seen, by=access.by()))
        except CounterfoilError as error:
            return self._looked_through(text, error)
        return run(lambda: None, f"{taken} articles were changed.", self.get_url(".index_view"))

    def _looked_through(self, text: str, refused: CounterfoilError | None = None) -> ResponseReturnValue:
        """What a table would do, with why it was refused; what cannot be read comes back as it was sent."""
        with units.read():
            try:
                rows = imports.look_through(text)
            except CounterfoilError as error:
                return self._table_page(text, problem=str(error)), error.status
            page = self._table_page(text, rows, str(refused) if refused else "")
        return (page, refused.status) if refused else page

    def _table_page(self, text: str, rows: Sequence[imports.Row] = (), problem: str = "") -> str:
        return self.render(
            "office/import.html", text=text, rows=rows, seen=imports.as_seen(rows), wrong=imports.rows_with_problems(rows),
            problem=problem,
            reason=request.form.get("reason", ""), sample=imports.SAMPLE,
        )  # fmt: skip
