"""What every payments adapter must do when a customer's bank takes money back. Every adapter passes it."""

from dataclasses import replace

import pytest

from integrations.payments.disputes import EvidenceField, EvidenceRequest
from integrations.payments.port import OutcomeUnknown, RefundReason, RefundRequest, Refused, Topic


def evidence(dispute: str) -> EvidenceRequest:
    texts = {EvidenceField.NAME.value: "Ada Lovelace", EvidenceField.TEXT.value: "Sent and signed for."}
    return EvidenceRequest("dsp_1-answer-1", dispute, texts, "receipt.pdf")


def test_a_dispute_takes_the_money_and_says_until_when_it_may_be_answered(port, world, paid, clock):
    dispute = world.dispute(paid)
    found = port.disputes.retrieve(dispute)
    assert (found.status, found.amount, found.withdrawn, found.currency) == ("needs_response", 12_900, 12_900, "EUR")
    assert (found.payment, found.is_inquiry, found.answered) == (paid, False, False)
    assert found.opened_at <= clock() < found.due_by


def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute(port, world, paid):
    dispute = world.dispute(paid, inquiry=True)
    asked = port.disputes.retrieve(dispute)
    assert (asked.is_inquiry, asked.withdrawn) == (True, 0)
    world.escalate(dispute)
    found = port.disputes.retrieve(dispute)
    assert (found.is_inquiry, found.withdrawn, found.status) == (False, 12_900, "needs_response")


@pytest.mark.parametrize(("decided", "withdrawn"), [("won", 0), ("lost", 12_900)])
def test_the_bank_decides(port, world, paid, decided, withdrawn):
    dispute = world.dispute(paid)
    world.decide(dispute, decided)
    found = port.disputes.retrieve(dispute)
    assert (found.status, found.withdrawn) == (decided, withdrawn)


def test_an_inquiry_that_ends_is_closed(port, world, paid):
    dispute = world.dispute(paid, inquiry=True)
    world.decide(dispute, "closed")
    assert port.disputes.retrieve(dispute).status == "closed"


def test_evidence_is_submitted_once_with_its_receipt(port, world, paid):
    dispute = world.dispute(paid)
    first, again = (port.disputes.answer(evidence(dispute), b"%PDF receipt") for _ in range(2))
    assert (first.status, again.status, first.answered) == ("under_review", "under_review", True)
    texts, receipt = world.evidence(dispute)
    assert texts == {"customer_name": "Ada Lovelace", "uncategorized_text": "Sent and signed for."}
    assert receipt == b"%PDF receipt"


def test_a_lost_answer_to_evidence_is_unknown_and_the_same_key_finds_it(port, world, paid):
    dispute = world.dispute(paid)
    world.trouble(evidence=3)
    with pytest.raises(OutcomeUnknown):
        port.disputes.answer(evidence(dispute), b"")
    assert port.disputes.retrieve(dispute).answered
    world.trouble(evidence=0)
    assert port.disputes.answer(evidence(dispute), b"").status == "under_review"


def test_a_second_answer_is_refused(port, world, paid):
    dispute = world.dispute(paid)
    port.disputes.answer(evidence(dispute), b"")
    with pytest.raises(Refused):
        port.disputes.answer(replace(evidence(dispute), key="dsp_1-answer-2"), b"")


def test_a_disputed_payment_is_not_refunded(port, world, paid):
    world.dispute(paid)
    with pytest.raises(Refused) as refusal:
        port.refund(RefundRequest("rfd_1-refund", paid, 100, "EUR", "rfd_1", RefundReason.REQUESTED_BY_CUSTOMER))
    assert refusal.value.code == "charge_disputed"


def test_a_status_we_have_no_word_for_yet_is_not_taken_for_an_outcome(port, world, paid):
    dispute = world.dispute(paid)
    world.invent_status("disputes")
    assert port.disputes.retrieve(dispute).status == "under_review"


def test_events_say_which_dispute_and_which_payment(port, world, paid, clock):
    begun = clock()
    dispute = world.dispute(paid)
    world.decide(dispute, "won")
    told = [event for event in port.events_since(begun) if event.about == Topic.DISPUTE]
    assert len(told) == 2
    assert {(event.object_id, event.payment) for event in told} == {(dispute, paid)}


def test_a_dispute_nobody_knows_is_refused(port):
    with pytest.raises(Refused):
        port.disputes.retrieve("dp_nobody")


def test_a_warning_names_its_payment_and_is_over_once_there_is_a_dispute(port, world, paid):
    warning = world.warn(paid)
    event = next(event for event in port.events_since(world.clock().replace(year=2020)) if event.about == Topic.WARNING)
    assert event.object_id == warning
    found = port.disputes.warning(warning)
    assert (found.provider_ref, found.payment, found.actionable) == (warning, paid, True)
    assert found.reason
    world.dispute(paid)
    assert not port.disputes.warning(warning).actionable


def test_a_warning_is_over_once_the_money_went_back(port, world, paid):
    warning = world.warn(paid)
    world.refund_elsewhere(paid, 12_900)
    assert not port.disputes.warning(warning).actionable


def test_a_warning_that_nobody_knows_is_refused(port):
    with pytest.raises(Refused):
        port.disputes.warning("issfr_none")
