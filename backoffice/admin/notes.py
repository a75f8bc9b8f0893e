"""Notes on the page of a thing: written there, shown in its timeline."""

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin import access
from backoffice.admin.actions import Action, Field, needs, request_key, run
from backoffice.admin.lists import DeskList
from backoffice.core import references, units
from backoffice.core.tracking import Subject
from backoffice.notes import service as notes
from backoffice.staff import service as staff
from backoffice.staff.roles import Right


class Noted(DeskList):
    """A desk whose things can have notes."""

    def subject_of(self, ref: str) -> Subject:
        """What a note at this address is about. Raises NotFound."""
        raise NotImplementedError

    @expose("/<ref>/note", methods=["POST"])
    @needs(Right.WRITE_NOTES)
    def note(self, ref: str) -> ResponseReturnValue:
        def write() -> None:
            author = staff.by_ref(access.me().ref)
            notes.add(self.subject_of(ref), request.form.get("text", ""), author=author, request_key=request_key())

        return run(lambda: units.write(write), "The note is written.", self.get_url(".one", ref=ref))

    def note_offer(self, ref: str) -> Action:
        words = "Note (call a colleague with @name)"
        return Action(
            "Add note",
            self.get_url(".note", ref=ref),
            Right.WRITE_NOTES,
            fields=(Field("text", words, "textarea", most=notes.LONGEST),),
            key=references.new("nok"),
        )
