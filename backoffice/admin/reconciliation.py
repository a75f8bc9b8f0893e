"""The desk of differences between the provider's books and ours: both sides, what usually settles it, and the explanation."""

from types import MappingProxyType

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup

from backoffice.admin import access, timeline, troubles
from backoffice.admin.actions import Action, Field, needs, reason, request_key, run
from backoffice.admin.badges import badge
from backoffice.admin.cells import ZONE, about
from backoffice.admin.filters import equals
from backoffice.admin.notes import Noted
from backoffice.core import clock, formatting, references, units
from backoffice.core.tracking import Subject
from backoffice.payments import service as payments
from backoffice.reconciliation import advice, breaks, lines, rounds
from backoffice.reconciliation import service as reconciliation
from backoffice.reconciliation.models import Break, BreakKind, BreakState
from backoffice.staff.roles import Right, Role

SHAPES = {BreakState.OPEN: "break_open", BreakState.EXPLAINED: "explained", BreakState.CLOSED: "break_closed"}
WORDS = {BreakState.OPEN: "Open", BreakState.EXPLAINED: "Explained", BreakState.CLOSED: "Agree again"}


def shown_state(item: Break) -> Markup:
    return badge(item.state, WORDS[item.state], SHAPES[item.state])


def shown_next(item: Break) -> Markup:
    """Where it stands, and what usually settles it."""
    if item.state != BreakState.OPEN:
        return shown_state(item)
    return Markup('{}<br><span class="soft">{}</span>').format(shown_state(item), advice.words_of(item.kind).next)


def compare_now(url: str) -> Action:
    return Action("Reconcile now", url, Right.ASK_PROVIDER, key=references.new("rcn"))


class BreakDesk(Noted):
    sees = Right.SEE_MONEY
    moment = "found_at"
    opens = MappingProxyType({role: {"state": "open"} for role in Role})
    column_list = ("kind", "about_ref", "theirs", "ours", "difference", "found_at", "state")
    column_more = ("since", "closed_at", "explanation", "ref")
    column_labels = {
        "kind": "What differs", "about_ref": "About", "theirs": "Theirs", "ours": "Ours", "found_at": "Open for",
        "since": "Last fact", "closed_at": "Agreed",
    }  # fmt: skip
    column_formatters = {
        "kind": lambda _view, _context, row, _name: advice.words_of(row.kind).title,
        "about_ref": lambda _view, _context, row, _name: about(row.about_kind, row.about_ref),
        "found_at": lambda _view, _context, row, _name: Markup('<span title="since {}">{}</span>').format(
            formatting.short_moment(row.found_at, ZONE), formatting.age(row.found_at, row.closed_at or clock.now())
        ),
        "state": lambda _view, _context, row, _name: shown_next(row),
    }
    spoken = frozenset({"kind"})
    filed = MappingProxyType({"state": lambda row: WORDS[row.state]})
    numbers = frozenset({"theirs", "ours", "difference"})
    narrows = (
        equals("state", "State", Break.state, [(str(state), WORDS[state]) for state in BreakState], BreakState),
        equals(
            "kind",
            "What differs",
            Break.kind,
            [(str(kind), advice.words_of(kind).title) for kind in BreakKind],
            BreakKind,
        ),
        equals("about", "About (reference)", Break.about_ref),
    )
    blank = "No difference is listed. “Both books” says what was compared, and what is on its way."
    one_template = "office/break.html"
    more_links = (("Both books", ".books", Right.SEE_MONEY),)

    def subject_of(self, ref: str) -> Subject:
        return breaks.by_ref(ref).subject()

    def list_actions(self) -> list[Action]:
        return [compare_now(self.get_url(".compare"))]

    @expose("/books")
    def books(self) -> ResponseReturnValue:
        """What the provider's lines sum to beside our clearing account, and how much of the difference is listed."""
        last, complete = rounds.last(), rounds.last_complete()
        return self.render(
            "office/books.html",
            last=last,
            complete=complete,
            rows=rounds.balances(complete) if complete else [],
            actions=[compare_now(self.get_url(".compare"))],
        )

    @expose("/compare", methods=["POST"])
    @needs(Right.ASK_PROVIDER)
    def compare(self) -> ResponseReturnValue:
        key = request_key()
        return run(
            lambda: units.write(lambda: reconciliation.ask_for(f"office:{key}")),
            "A worker compares both books now; load this page again in a moment.",
            self.get_url(".index_view"),
        )

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        item = breaks.by_ref(ref)
        payment = payments.get(item.payment_id) if item.payment_id else None
        return self.render(
            self.one_template,
            item=item,
            wording=advice.words_of(item.kind),
            what_to_do=advice.what_to_do(item),
            state=shown_state(item),
            is_booked=item.state == BreakState.EXPLAINED and item.kind in breaks.MOVED,
            age=formatting.age(item.found_at, item.closed_at or clock.now()),
            place=troubles.place_of(item.about),
            payment=payment,
            line=lines.get(item.line_id) if item.line_id else None,
            days=timeline.by_day(timeline.of([item.subject()]), ZONE),
            troubles=troubles.of([item.subject()]),
            actions=[
                Action(
                    "Explain",
                    self.get_url(".explain", ref=ref),
                    Right.RECONCILE,
                    "" if item.state == BreakState.OPEN else f"it is {WORDS[item.state].lower()}",
                    asks="Why may both books differ? It stays with the difference"
                    + (", and the sum is booked to suspense." if item.kind in breaks.MOVED else "."),
                    fields=(Field("seen", "", "hidden", breaks.sums_of(item)),),
                ),
                compare_now(self.get_url(".compare")),
                self.note_offer(ref),
            ],
        )

    @expose("/<ref>/explain", methods=["POST"])
    @needs(Right.RECONCILE)
    def explain(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            words = reason()
            seen = request.form.get("seen", "")
            units.write(lambda: breaks.explain(breaks.by_ref(ref), words, seen=seen, by=access.by()))

        return run(
            act, "The difference is explained, and opens again if its sums change.", self.get_url(".one", ref=ref)
        )
