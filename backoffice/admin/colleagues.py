"""The staff desk: who works here, in which role, and where they are logged in."""

from collections.abc import Callable

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.admin import access, badges, looks, timeline
from backoffice.admin.actions import Action, Field, needs, reason, request_key, run, typed_text
from backoffice.admin.cells import ZONE
from backoffice.admin.filters import equals
from backoffice.admin.lists import DeskList
from backoffice.core import references, units
from backoffice.core.errors import CounterfoilError
from backoffice.entities import service as entities
from backoffice.logins import sessions
from backoffice.logins.models import Holder
from backoffice.mail import service as mail
from backoffice.staff import accounts
from backoffice.staff import service as staff
from backoffice.staff.models import StaffMember
from backoffice.staff.roles import MATRIX, Right, Role

ROLES = [(role.value, role.value.capitalize()) for role in Role]


class NoSuchRole(CounterfoilError):
    def __init__(self) -> None:
        super().__init__("Choose one of the roles.")


class StaffDesk(DeskList):
    sees = Right.SEE_STAFF
    personal = True
    column_list = ("name", "email", "role", "active", "created_at")
    column_labels = {"email": "E-mail", "active": "Account", "created_at": "Since"}
    column_formatters = {
        "role": lambda _view, _context, row, _name: row.role.value.capitalize(),
        "active": lambda _view, _context, row, _name: standing(row),
    }
    spoken = frozenset({"active"})
    narrows = (
        equals("email", "E-mail", StaffMember.email, read=lambda text: text.lower()),
        equals("role", "Role", StaffMember.role, ROLES, Role),
    )
    blank = "Nobody fits."
    one_template = "office/colleague.html"

    def list_actions(self) -> list[Action]:
        fields = (
            Field("name", "Name"),
            Field("email", "E-mail", "email"),
            Field("role", "Role", choices=ROLES, value=Role.OPERATIONS.value),
        )
        return [Action("Invite a colleague", self.get_url(".invite"), Right.MANAGE_STAFF, fields=fields)]

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        member = staff.by_ref(ref)
        looks.at_page(None, member.subject())
        return self.render(
            self.one_template,
            member=member,
            standing=standing(member),
            rights=[right for right in Right if member.role in MATRIX[right]],
            sessions=sessions.living(Holder.STAFF, member.id),
            days=timeline.by_day(timeline.of([member.subject()]), ZONE),
            actions=self._offers(member),
        )

    @expose("/invite", methods=["POST"])
    @needs(Right.MANAGE_STAFF)
    def invite(self) -> ResponseReturnValue:
        """An account without a password, and the mail with the link to choose one."""

        def act() -> str:
            member = accounts.invite(typed_text("email", 254), typed_text("name"), _role(), by=access.by())
            _send_link(member)
            return member.ref

        done = "The link is on its way by mail."
        return run(lambda: units.write(act), done, self.get_url(".index_view"), leads_to=self.page_of)

    @expose("/<ref>/link", methods=["POST"])
    @needs(Right.MANAGE_STAFF)
    def link(self, ref: str) -> ResponseReturnValue:
        return self._do(ref, _send_link, "The link is on its way by mail; it works once, for three days.")

    @expose("/<ref>/role", methods=["POST"])
    @needs(Right.MANAGE_STAFF)
    def role(self, ref: str) -> ResponseReturnValue:
        def act(member: StaffMember) -> None:
            accounts.change_role(member, _role(), by=access.by(), reason=reason())

        return self._do(ref, act, "The role counts from the next page on.")

    @expose("/<ref>/close", methods=["POST"])
    @needs(Right.MANAGE_STAFF)
    def close(self, ref: str) -> ResponseReturnValue:
        def act(member: StaffMember) -> None:
            accounts.close(member, by=access.by(), reason=reason())

        return self._do(ref, act, "The account is closed and its sessions have ended.")

    @expose("/<ref>/reopen", methods=["POST"])
    @needs(Right.MANAGE_STAFF)
    def reopen(self, ref: str) -> ResponseReturnValue:
        def act(member: StaffMember) -> None:
            accounts.reopen(member, by=access.by(), reason=reason())

        return self._do(ref, act, "The account is open again.")

    @expose("/<ref>/end-sessions", methods=["POST"])
    @needs(Right.MANAGE_STAFF)
    def end_sessions(self, ref: str) -> ResponseReturnValue:
        def act(member: StaffMember) -> None:
            accounts.end_sessions(member, by=access.by(), reason=reason())

        return self._do(ref, act, "Logged out everywhere.")

    def _do(self, ref: str, act: Callable[[StaffMember], None], done: str) -> ResponseReturnValue:
        return run(lambda: units.write(lambda: act(staff.by_ref(ref))), done, self.get_url(".one", ref=ref))

    def _offers(self, member: StaffMember) -> list[Action]:
        def offer(label: str, view: str, why_not: str = "", asks: str = "", fields: tuple[Field, ...] = ()) -> Action:
            url = self.get_url(f".{view}", ref=member.ref)
            return Action(label, url, Right.MANAGE_STAFF, why_not, asks=asks, fields=fields, key=references.new("stk"))

        yourself = "not for yourself" if member.ref == access.by().ref else ""
        closed = "" if member.active else "the account is closed"
        new_role = (Field("role", "Role", choices=ROLES, value=member.role.value),)
        words = "Send a link for a new password" if member.password_hash else "Send the invitation again"
        ending = (
            offer("Close account", "close", yourself, asks="Why is it closed?")
            if member.active
            else offer("Open again", "reopen", asks="Why is it opened again?")
        )
        return [
            offer("Change role", "role", yourself or closed, asks="Why?", fields=new_role),
            offer(words, "link", closed),
            offer("Log out everywhere", "end_sessions", closed, asks="Why?"),
            ending,
        ]


def standing(member: StaffMember) -> object:
    if not member.active:
        return badges.badge("cancelled", "Closed")
    return badges.badge("done", "Open") if member.password_hash else badges.badge("waiting", "Invited")


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        raise NoSuchRole from None


def _send_link(member: StaffMember) -> None:
    """Inside a unit."""
    mail.queue(
        "staff_link",
        to=member.email,
        about=member,
        key=f"staff_link:{member.ref}:{request_key()}",
        by=access.by(),
        member=member,
        entity=entities.seller(),
        link=accounts.link_for(member),
    )
