"""What a difference means and what to do about it, in words: by its kind, and by which side has more."""

from dataclasses import dataclass

from backoffice.core.formatting import money
from backoffice.reconciliation.models import Break, BreakKind


@dataclass(frozen=True)
class Wording:
    """``title`` names what differs; ``next`` is what usually settles it; ``theirs`` and ``ours`` head the two sides; ``more``
    and ``less`` are what to do where the provider has more, or less, than we have."""

    title: str
    next: str
    theirs: str
    ours: str
    more: str
    less: str


WORDS: dict[BreakKind, Wording] = {
    BreakKind.CAPTURE: Wording(
        "What a payment collected",
        "ask about the payment",
        "Collected, by the provider's lines",
        "Captured, by our payment",
        "The provider holds more than we know. Ask the provider on the payment's page: a capture that we missed is taken in, "
        "and what it pays follows.",
        "We count on money that the provider does not have. Ask the provider on the payment's page. If it stands by its sum, "
        "look up the payment in its dashboard before anything more is delivered.",
    ),
    BreakKind.REFUND: Wording(
        "What a refund gave back",
        "ask about the refund",
        "Given back, by the provider's lines",
        "Given back, by our refund",
        "More went back than we booked. Ask the provider on the refund's page: it may have accepted what we think failed.",
        "We booked a refund that the provider has not paid. Ask the provider on the refund's page: it may have failed, and "
        "then the customer waits for the money.",
    ),
    BreakKind.DISPUTE: Wording(
        "What a dispute took",
        "ask about the dispute",
        "Taken, by the provider's lines",
        "Taken, by our dispute",
        "The bank took more than we booked. Ask the provider on the dispute's page.",
        "The bank has taken less, or has given back what we still count as taken. Ask the provider on the dispute's page.",
    ),
    BreakKind.INVOICE: Wording(
        "What a payment paid",
        "agree with the customer",
        "Captured by its payments",
        "Used by the invoice and its refunds",
        "Money of this customer pays nothing yet. There is a case about it: agree with the customer, then refund it or let it "
        "pay a new order.",
        "The invoice was paid with more money than there is. A capture was corrected after it was paid: ask the customer "
        "for the rest, or write it off with an explanation.",
    ),
    BreakKind.UNKNOWN_LINE: Wording(
        "A movement that we do not know",
        "look up the provider's id",
        "Moved, by the provider's line",
        "Known to us",
        "Money came in for something that is not ours. Look up the provider's id in its dashboard: a payment made there, "
        "another system on the same account, or an event that has not been handled. Explain what is not ours: it stands in "
        "suspense from then on.",
        "Money went out that we did not send. Look up the provider's id in its dashboard: a refund made there is taken in "
        "with its event; look under Webhooks whether it waits.",
    ),
    BreakKind.OTHER_LINE: Wording(
        "A movement of the provider's own",
        "explain it",
        "Moved, by the provider's line",
        "Explained",
        "The provider added money for a reason of its own. It waits in the suspense account. Explain it in a sentence.",
        "The provider took money for a reason of its own. It waits in the suspense account. Explain it in a sentence.",
    ),
    BreakKind.PAYOUT: Wording(
        "What a payout is made of",
        "compare with the dashboard",
        "Sum of its lines, after fees",
        "Paid out",
        "The lines sum to more than was paid out. Look at the payout in the provider's dashboard; a reserve may have been "
        "kept back.",
        "More was paid out than the lines sum to. Look at the payout in the provider's dashboard; a line may be missing here, "
        "and comes with the next round.",
    ),
}


def words_of(kind: BreakKind) -> Wording:
    return WORDS[kind]


def what_to_do(item: Break) -> str:
    wording = WORDS[item.kind]
    return wording.more if item.difference.amount > 0 else wording.less


def sentence(item: Break) -> str:
    """One difference in one line, for a terminal."""
    wording = WORDS[item.kind]
    theirs, ours = (words[0].lower() + words[1:] for words in (wording.theirs, wording.ours))
    return f"{wording.title}, {item.about_ref}: {theirs} {money(item.theirs)}; {ours} {money(item.ours)}"
