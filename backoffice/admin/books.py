"""The desk of the ledger: the trial balance, what stands in one account, and every entry with both its sides."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from flask import Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import ColumnElement, select
from werkzeug.datastructures import MultiDict

from backoffice.admin import access, exports
from backoffice.admin.actions import needs
from backoffice.admin.cells import ZONE, about
from backoffice.admin.filters import BACKWARDS, Filter, days_in, equals, span
from backoffice.admin.lists import DeskList
from backoffice.admin.related import refs_of
from backoffice.admin.troubles import place_of
from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import units
from backoffice.core.money import Money, total
from backoffice.ledger import service as ledger
from backoffice.ledger.models import Account, EntryKind, LedgerEntry, LedgerPosting
from backoffice.staff.roles import Right

WORDS = {
    EntryKind.PAYMENT_SETTLED: "Payment settled",
    EntryKind.PAYMENT_CORRECTED: "The provider holds another sum",
    EntryKind.INVOICE_ISSUED: "Invoice issued",
    EntryKind.INVOICE_PAID: "Invoice paid",
    EntryKind.CREDIT_NOTE: "Credit note",
    EntryKind.REFUND: "Refund",
    EntryKind.REFUND_RETURNED: "Refund came back",
    EntryKind.REFUND_PAID_OTHERWISE: "Refund paid by hand",
    EntryKind.DISPUTE: "Dispute",
    EntryKind.FEE: "Fee",
    EntryKind.PAYOUT: "Payout",
    EntryKind.PAYOUT_ARRIVED: "Payout arrived",
    EntryKind.EXCHANGE: "Currencies exchanged",
    EntryKind.PROVIDER_OTHER: "Moved by the provider",
    EntryKind.DIFFERENCE_EXPLAINED: "Difference explained",
}
NAMES = {
    Account.CLEARING: ("Provider clearing", "what the provider holds for us"),
    Account.IN_TRANSIT: ("In transit", "paid out, and not at our bank yet"),
    Account.BANK: ("Bank", "what arrived of it"),
    Account.RECEIVABLE: ("Receivable", "issued invoices that are not paid"),
    Account.CUSTOMER_MONEY: ("Customers' money", "captured, and not part of a paid invoice"),
    Account.REFUNDS_PAYABLE: ("Refunds payable", "credited, and not given back"),
    Account.PAID_TWICE: ("Paid twice", "given back to customers a second time: theirs to return"),
    Account.GOODWILL: ("Goodwill", "left to customers beyond what they had paid"),
    Account.TAX_PAYABLE: ("Tax payable", "VAT of what was sold, less what was credited"),
    Account.DEFERRED: ("Deferred revenue", "invoiced before it is earned"),
    Account.REVENUE: ("Revenue", "net of what was invoiced"),
    Account.REFUNDS: ("Refunds", "net of what was credited"),
    Account.FEES: ("Fees", "what the provider keeps"),
    Account.DISPUTES: ("Disputes", "taken back by customers' banks"),
    Account.EXCHANGE: ("Exchange", "given and received when the provider changed currencies"),
    Account.SUSPENSE: ("Suspense", "moved at the provider, and in no other book of ours"),
}


def _about(wish: str) -> ColumnElement[bool]:
    """By reference or number; with an order, a payment or a payout comes all that belongs to it."""
    entries = select(LedgerEntry.id).where(LedgerEntry.about_ref.in_(refs_of(wish)))
    return LedgerPosting.entry_id.in_(entries)


class LedgerDesk(DeskList):
    sees = Right.SEE_MONEY
    moment = "posted_at"
    column_list = ("posted_at", "fact", "about_ref", "account", "debit", "credit")
    column_more = ("currency", "ref")
    column_labels = {"posted_at": "Posted", "ref": "Entry", "about_ref": "About"}
    column_formatters = {
        "fact": lambda _view, _context, row, _name: WORDS[row.entry.kind],
        "about_ref": lambda _view, _context, row, _name: about(row.entry.about_kind, row.about_ref),
        "account": lambda _view, _context, row, _name: NAMES[row.account][0],
    }
    numbers = frozenset({"debit", "credit"})
    filed = MappingProxyType({"fact": lambda row: WORDS[row.entry.kind], "account": lambda row: NAMES[row.account][0]})
    narrows = (
        equals(
            "account", "Account", LedgerPosting.account, [(item.value, NAMES[item][0]) for item in Account], Account
        ),
        equals("currency", "Currency", LedgerPosting.currency, read=str.upper),
        Filter("about", "About (number or reference)", _about),
    )
    blank = "No entry fits. Whatever happens with money is posted here."
    one_template = "office/entry.html"
    more_links = (("Trial balance", ".balance", Right.SEE_MONEY),)

    @expose("/balance")
    def balance(self) -> ResponseReturnValue:
        """All accounts by currency, of all time or of the days in the address: where they stood, what moved, where they stand.
        Their sum is zero, always; the page says so, or by how much it is not."""
        asked = _asked(request.args)
        return self.render(
            "office/balance.html",
            currencies=[(currency, rows, *_sums(rows, currency)) for currency, rows in asked.balances.items()],
            names=NAMES,
            problem=asked.problem,
            given=_typed(request.args),
            may_take=access.has(Right.EXPORT),
        )

    @expose("/balance.csv", methods=["POST"])
    @needs(Right.EXPORT)
    def balance_file(self) -> ResponseReturnValue:
        """The same as a file; taking it is an audit row."""
        with units.read():
            asked = _asked(request.args)
        if asked.problem:
            flash(asked.problem, "bad")
            return redirect(self.get_url(".balance", **_typed(request.args)), 303)
        days = {name: day.isoformat() for name, day in asked.days.items()}
        audit.record_alone(Tag.LIST_EXPORTED, access.me(), by=access.by(), desk="trial balance", narrowed_by=days)
        heads = ("Account", "Currency", "Opening balance", "Debit", "Credit", "Balance")
        rows = [
            (NAMES[row.account][0], currency, row.opening, row.debit, row.credit, row.balance)
            for currency, found in asked.balances.items()
            for row in found
        ]
        name = "-".join(("trial-balance", *days.values()))
        return Response(
            exports.table([heads, *rows]), mimetype="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )  # fmt: skip

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        entry = ledger.by_key(ref)
        return self.render(
            self.one_template,
            entry=entry,
            fact=WORDS[entry.kind],
            names=NAMES,
            place=place_of(entry.about),
            others=[item for item in ledger.about([entry.about_ref]) if item.id != entry.id],
            facts=WORDS,
        )


class _Asked(NamedTuple):
    """The days of a trial balance, its balances by currency, and what is wrong with the days."""

    days: Mapping[str, date]
    balances: Mapping[str, list[ledger.Balance]]
    problem: str = ""


def _asked(given: MultiDict[str, str]) -> _Asked:
    try:
        days = days_in(given)
        since, until = span(days, ZONE)
    except (ValueError, OverflowError):
        return _Asked({}, {}, "These days cannot be read: write them as 2026-11-28.")
    if since and until and until <= since:
        return _Asked(days, {}, BACKWARDS)
    return _Asked(days, ledger.trial_balance(since, until))


def _typed(given: MultiDict[str, str]) -> dict[str, str]:
    return {name: given.get(name, "") for name in ("from", "to")}


def _sums(rows: Sequence[ledger.Balance], currency: str) -> tuple[Money, Money, Money, Money]:
    """Of the openings, the debits, the credits and the balances."""
    opening, debit, credit = (
        total([getattr(row, name) for row in rows], currency) for name in ("opening", "debit", "credit")
    )
    return opening, debit, credit, opening + debit - credit
