"""What is said of each kind of case: the sentence an operator reads, the next best action, and the page of the runbook."""

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.cases.kinds import CaseKind


@dataclass(frozen=True)
class Wording:
    """``steps`` are what a person does, in order; ``ends`` is how the case closes."""

    title: str
    what: str
    next: str
    steps: Sequence[str]
    ends: str


WORDINGS: dict[CaseKind, Wording] = {
    CaseKind.WEBHOOKS_SILENT: Wording(
        "The provider's webhooks do not arrive.",
        "For five minutes and more we fetched what its webhooks should have brought, and none has come since. Nothing is lost.",
        "Look at the endpoint in the provider's dashboard: its address, whether it was switched off, its last answers.",
        (
            "Open the webhook endpoint in the provider's dashboard. Was it disabled after many failures?",
            "Compare its address with ours, and its signing secret with the configured one.",
            "A wrong secret shows as refused webhooks in the logs and in counterfoil_webhooks_total.",
            "Switch it on again; what was missed was fetched already.",
        ),
        "It closes by itself when webhooks arrive again and none is missing.",
    ),
    CaseKind.EVENTS_MISSED: Wording(
        "Nobody asked for the provider's events for too long.",
        "What happened meanwhile and no webhook brought is known from the provider's books alone: money is found there, "
        "a bank's question or warning about a payment is not.",
        "Reconcile, then look through the disputes and warnings in the provider's dashboard from that moment on.",
        (
            "Press “Reconcile now”, and handle the breaks that it finds: money that came, went back or was withdrawn.",
            "In the provider's dashboard, look for inquiries and early warnings since the moment below: they move no money.",
            "Find out why workers and cron stood still: what stands under Tasks should be done within minutes.",
        ),
        "Resolve it when both were looked through.",
    ),
    CaseKind.INVARIANT_BROKEN: Wording(
        "A promise of the system does not hold for something.",
        "A check that runs every hour found rows that do not fit together. No customer has to have noticed.",
        "Open the page of the promises, look at what was found, and tell whoever looks after the system.",
        (
            "Open “Promises” under System: it lists what was found, with links to each thing.",
            "Read the timeline of one of them: who changed it last, and how?",
            "A row that was changed by hand in the database, or a restored backup, is the usual cause.",
            "Do not mend it in the database. Tell whoever looks after the system, with the name of the check.",
        ),
        "It closes by itself when the check finds nothing any more.",
    ),
    CaseKind.PAYMENT_UNKNOWN: Wording(
        "The provider has not said what became of a payment.",
        "It was asked several times with the same key and did not answer. The customer may have paid.",
        "Ask the provider now. If it stays silent, look the payment up in its dashboard by our reference.",
        (
            "Ask the provider now. It is asked with the same key: nobody is charged twice by asking.",
            "If it stays silent, look at its status page, and search its dashboard for our reference.",
            "Do not ask the customer to pay again while the outcome is unknown. Their order keeps its stock.",
            "If a customer is on the phone: tell them that the bank's answer is missing, and that we write as soon as we know.",
        ),
        "It closes by itself when the provider answers, whatever the answer is.",
    ),
    CaseKind.PAYMENT_REFUSED: Wording(
        "The provider refused to open a payment page.",
        "It will refuse again until the cause is mended; customers cannot pay meanwhile.",
        "Read the provider's code below, mend the configuration, then let the customer try again.",
        (
            "Open the payment and read the code under “What the provider said last”.",
            "A code about keys, permissions or the account is ours to mend: tell whoever runs the system.",
            "A code about the amount or the currency is about this order alone.",
            "When it is mended, write to the customer: the order page still has its button to pay.",
        ),
        "Close it once the cause is mended. A new refusal opens a new case.",
    ),
    CaseKind.UNEXPECTED_MONEY: Wording(
        "Money arrived for an order that no longer expected it.",
        "The provider holds the customer's money, but the order had ended and its stock was released.",
        "Agree with the customer: return the money at the provider, or accept a new order for it.",
        (
            "Open the order: its timeline says when it ended and when the money came.",
            "Write to the customer before anything else; they believe that they have bought something.",
            "Either return the money at the provider, or agree on a new order and return this payment afterwards.",
        ),
        "Close it with what was agreed, and the reference of the return.",
    ),
    CaseKind.AMOUNT_DIFFERS: Wording(
        "The provider captured another amount than we asked for.",
        "The payment is kept as it is. If too little came, the order waits and its stock stays held.",
        "Compare both sums with the provider's dashboard, then correct it there or with the customer.",
        (
            "Compare what was asked with what was captured, on the payment's page and in the provider's dashboard.",
            "Too much: return the difference at the provider. Too little: ask the customer for the rest, or return all.",
            "Press “Ask the provider now” afterwards, so that we know what it holds.",
        ),
        "Close it when both sums are explained.",
    ),
    CaseKind.UNMATCHED_MONEY: Wording(
        "The provider speaks of a payment that we do not know.",
        "It says that money was captured, but no payment of ours has its reference.",
        "Look it up in the provider's dashboard: another system may use the same account, or a backup was restored.",
        (
            "Open the event: its body has the provider's id and reference.",
            "Look the payment up in the provider's dashboard. Whose is it?",
            "If another system uses the account, give it an account of its own. If a backup was restored, replay the events.",
        ),
        "Close it with whose money it is. Once the event finds its payment after all, it closes by itself.",
    ),
    CaseKind.REFUND_UNKNOWN: Wording(
        "The provider has not said what became of a refund.",
        "It was asked several times with the same key and did not answer. The customer may have the money already.",
        "Ask the provider now. If it stays silent, look the refund up in its dashboard by our reference.",
        (
            "Ask the provider now. It is asked with the same key: nothing is given back twice by asking.",
            "If it stays silent, look at its status page, and search its dashboard for the payment.",
            "Do not refund in the dashboard meanwhile: the money would leave twice.",
            "The sum stays reserved, so nobody here can give it back a second time either.",
        ),
        "It closes by itself when the provider answers, whatever the answer is.",
    ),
    CaseKind.REFUND_REFUSED: Wording(
        "The provider refused a refund.",
        "No money moved, no credit note was written, and the sum can be refunded again.",
        "Read the provider's code on the refund, then try another sum, another way, or wait.",
        (
            "Open the refund: its code says why. A disputed payment cannot be refunded: the dispute decides.",
            "If too little is left, somebody gave money back elsewhere: press “Ask the provider now” on the payment.",
            "If the customer's bank takes no money back, agree on a bank transfer and note it here.",
        ),
        "Close it with what was done instead, or let it close when a later refund of the payment is accepted.",
    ),
    CaseKind.REFUND_FAILED: Wording(
        "A refund failed after the provider had accepted it.",
        "The money came back to us: the customer does not have it. The credit note stands, and we owe them the sum.",
        "The customer was told by mail. Send it again, or agree on another way.",
        (
            "The customer's card is usually closed or expired. They were told by mail that the money came back.",
            "Press “Send it again”: it makes a new refund over the same sum, and no second credit note.",
            "If it fails again, agree on a bank transfer. Make it, then press “It was paid another way” with its date and "
            "reference: it is posted from our bank, the customer is told, and nobody can send it a second time.",
            "Do not just close the case: we would still owe the sum, in the books and on this page.",
        ),
        "It closes by itself when the sum has been refunded after all, or was noted as paid another way.",
    ),
    CaseKind.REFUND_ELSEWHERE: Wording(
        "Money was given back in the provider's own dashboard.",
        "We learned of it afterwards. It is booked, the credit note is written, and nothing was put back on the shelf.",
        "Find out who did it and why, then check the delivery and the stock of the order.",
        (
            "Open the refund and its order. Was something to be delivered that should stay here now?",
            "Take back pieces by hand in the stock room if they came back.",
            "Ask whoever has a login at the provider to refund here: only then lines and stock follow.",
        ),
        "Close it with who gave the money back, and why.",
    ),
    CaseKind.REFUND_TWICE: Wording(
        "A sum was given back twice.",
        "More went to the customer than was theirs: a refused refund was made after all, or somebody gave money back at the "
        "provider, when it had been paid another way. That sum is credited by no paper: the books have it under “Paid twice”.",
        "Ask the customer for the second sum, or decide to leave it to them.",
        (
            "Open the refund: it says what it was to send again, or how much of it went twice. The sum had been sent by "
            "another try, paid by hand, or given back with all that was left.",
            "Look at both in the provider's dashboard, and at your bank account where one was paid by hand.",
            "Write to the customer before you ask for money: they were told of both sums by mail, and may expect the call.",
            "Is anything else of this order owed to them, or shall they keep it? Then press “Leave it to the customer” on the "
            "refund: it is credited as far as the invoice has so much left, the rest is goodwill in the books.",
        ),
        "It closes by itself when either sum comes back, or when it is left to the customer. Where they return it by a "
        "transfer, close it with that.",
    ),
    CaseKind.REFUND_OVERTAKEN: Wording(
        "A refused refund was made after all.",
        "The provider had said no. Since then another refund of the order was begun or a parcel left, and then it made the "
        "first one all the same. It is booked, and credited as far as the invoice has so much left.",
        "See whether the customer has more than they should, or pieces left that were to stay.",
        (
            "Open the refund and its order. Was another refund meant in its place? Then the customer has both sums.",
            "Where its page says that it counts as a sum, its pieces had been asked for in another refund or had left: no "
            "stock was moved, and what is still to be sent was not changed. Was the other refused? Keep its pieces by hand.",
            "Has a piece left that was paid back? Write to the customer before you ask for goods or money: a mail told them "
            "of each refund.",
            "Shall nothing more be done? Say so in the case: both sums are credited, nothing is owed.",
        ),
        "It closes by itself when its sum comes back. Else close it with what you decided.",
    ),
    CaseKind.DISPUTE_OPEN: Wording(
        "A customer's bank disputes a payment.",
        "The bank took the money back, or asks about it first. Without an answer in time it is lost, and a fee with it.",
        "What speaks for us is filled in already: read it, complete it, submit it. Not to answer is to accept the loss.",
        (
            "Write to the customer first: many disputes are mistakes, and the customer can have the bank end them.",
            "Open the dispute. What we know of the order, its delivery and its papers is filled in; add what is missing.",
            "Submit the answer once. Most card networks take no second one.",
            "Send nothing more of this order, and do not refund it: the bank has the money, a refund would pay twice.",
        ),
        "It closes by itself when the answer is submitted, or when the bank decides.",
    ),
    CaseKind.DISPUTE_DUE: Wording(
        "A dispute must be answered within two days.",
        "After its deadline no answer is taken, and the money is lost.",
        "Submit what is there: a short answer is better than none.",
        (
            "Open the dispute: the fields are filled from the order. That may be enough.",
            "Submit it. If it is not worth answering, note why and resolve this case.",
        ),
        "It closes by itself when the answer is submitted, or when the bank decides.",
    ),
    CaseKind.DISPUTE_UNKNOWN: Wording(
        "The provider does not say what became of a dispute.",
        "It was asked several times and did not answer. An answer of ours may have arrived, or not.",
        "Ask the provider now. If it stays silent and the deadline is near, look into its dashboard.",
        (
            "Ask the provider now. Evidence is submitted with the same key: it cannot arrive twice.",
            "If it stays silent, look at its status page, and at the dispute in its dashboard.",
        ),
        "It closes by itself when the provider answers.",
    ),
    CaseKind.DISPUTE_REFUSED: Wording(
        "The provider refused our answer to a dispute.",
        "What we submitted did not count. The deadline runs on.",
        "Read the provider's code, mend the answer, and submit it again; or answer in the provider's dashboard.",
        (
            "Open the dispute and read the code beside the answer.",
            "If its time is over, nothing can be done any more: the bank decides without us.",
            "Otherwise submit it again, or answer in the provider's dashboard and ask the provider here afterwards.",
        ),
        "It closes by itself when an answer is accepted, or when the bank decides.",
    ),
    CaseKind.DISPUTE_LOST: Wording(
        "A dispute was lost.",
        "The customer has the money back, and whatever was delivered to them. The loss and its fee are in the ledger.",
        "End what is still open of the order, decide whether to bar the customer, and note what was learned.",
        (
            "Open the order: is something still to be delivered, a download open, a visit agreed? Withdraw the delivery.",
            "The invoice stands and was paid by nobody. Ask for the goods back, or hand the claim to whoever collects debts.",
            "If it was fraud, bar the customer.",
        ),
        "Close it with what was decided. It closes by itself if the bank changes its mind.",
    ),
    CaseKind.FRAUD_WARNED: Wording(
        "A bank warns of a payment.",
        "The holder of the card reports it as fraud. Most such payments are disputed, and a dispute costs a fee as well.",
        "Stop what has not left yet, write to the customer, and give the money back before the bank takes it.",
        (
            "Open the order: withdraw the delivery of what is still here, also downloads and visits.",
            "Write to the customer. Whoever bought for somebody else may have the bank take the report back.",
            "If nobody can explain it, give all of the money back: “payment not made by the holder of the card”.",
            "What was given back before is seldom disputed, and costs no fee.",
            "The card is charged by itself no more; on the customer's page you can allow it again.",
        ),
        "It closes by itself when the money was given back, or when the dispute comes. Say why if you keep the money.",
    ),
    CaseKind.RECONCILIATION_BREAK: Wording(
        "The provider's books and ours differ.",
        "Something moved at the provider that our books do not have, or the other way round.",
        "Open the difference: both sides stand beside each other, with what usually explains it.",
        (
            "Open the difference and read what is suggested: it depends on which side has more.",
            "Follow its links: the payment or refund has a button that asks the provider, and that often closes it.",
            "If both books are right, explain it in a sentence; it opens again when its sums change.",
            "A payout that it belongs to cannot be signed off until then.",
        ),
        "It closes by itself when both books agree, and when somebody explains the difference.",
    ),
    CaseKind.PAYOUT_FAILED: Wording(
        "Our bank sent a payout back.",
        "The money is in the provider's balance again. It goes out with a later payout once the cause is mended.",
        "Look at the bank account in the provider's dashboard, then close the case with what was wrong.",
        (
            "Open the payout: the provider's code says why.",
            "Compare the bank account in the provider's dashboard with our bank's papers.",
            "The provider stops paying out until the account is mended there.",
            "If it was signed off before it came back, tell whoever keeps the accounts.",
        ),
        "Close it when the account is mended; the next payout carries the money.",
    ),
    CaseKind.BOOKS_SILENT: Wording(
        "The provider has not shown its books for a day.",
        "Payments go on, but nobody compares them: a difference would stay unseen.",
        "Read the answer below: usually our key may not read balances, or the provider has an outage.",
        (
            "A code about permissions: give the restricted key the right to read balance and payouts.",
            "Otherwise look at the provider's status page, and press “Reconcile now” afterwards.",
        ),
        "It closes by itself when a round of reconciliation succeeds.",
    ),
    CaseKind.HOLD_PROLONGED: Wording(
        "An order waits for the provider and cannot expire.",
        "Its stock stays held until the provider says that the payment page is closed.",
        "Ask the provider now. If it has an outage, wait; the order closes itself afterwards.",
        (
            "Ask the provider now. If it answers, the order ends or is paid at once.",
            "During an outage wait. The pieces stay held: somebody may have paid for them.",
            "If other customers need the pieces, receive or correct stock; do not release this hold by hand.",
        ),
        "It closes by itself when the provider answers.",
    ),
    CaseKind.TASK_GAVE_UP: Wording(
        "A task failed too often and stopped trying.",
        "What it should have done has not happened.",
        "Read its last error, mend the cause, then start it again.",
        (
            "Open the task: its name says what it does, its last error why it could not.",
            "Mend the cause. A mail that bounces has a wrong address; a paper that fails has a broken template.",
            "Run it again. It is safe to run twice.",
            "If what it should do is not wanted any more, cancel it with a reason.",
        ),
        "It closes by itself when the task succeeds or is cancelled.",
    ),
    CaseKind.WITHDRAWAL: Wording(
        "A customer withdraws from a contract.",
        "The declaration is valid from the moment it arrived. What was paid must be returned within 14 days.",
        "Find the order named below, agree on the return of the goods, and return the money.",
        (
            "Find the order: it is linked where number and address fit; otherwise search for the name or the address.",
            "If nothing was shipped, withdraw the delivery. If it was, tell the customer where to send it.",
            "Return the money within 14 days of the declaration; you may wait until the goods are back or on their way.",
        ),
        "Close it when the money is returned, with its reference.",
    ),
    CaseKind.ACCOUNT_DELETION: Wording(
        "A customer asks for their account to be deleted.",
        "Invoices and what proves them must be kept for as long as the law says; the rest must go within a month.",
        "Check for open orders and claims, then close the account.",
        (
            "Open the customer: are there orders to deliver, money that is owed, or a withdrawal?",
            "Close the account. Password, saved addresses and sessions go; orders and invoices stay, as the law asks.",
            "The customer gets a mail that it is done.",
        ),
        "It closes by itself when the account is closed.",
    ),
    CaseKind.DATE_DECLINED: Wording(
        "A customer cannot take the date we proposed.",
        "The service is paid and waits for another date.",
        "Read what would suit them on the page of the order, and propose another date.",
        (
            "Open the order and read what the customer wrote, in its timeline.",
            "Propose another date; the customer gets a mail with two buttons.",
        ),
        "It closes by itself when another date is proposed, or the visit is called off.",
    ),
}
