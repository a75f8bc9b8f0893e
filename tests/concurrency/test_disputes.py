"""Colleagues who answer a dispute at once, on MariaDB: the bank hears one answer."""

import pytest

from backoffice.core import units
from backoffice.core.actor import SYSTEM
from backoffice.core.db import session
from backoffice.disputes import answering
from backoffice.disputes import service as disputes
from backoffice.disputes.models import AnswerState, DisputeAnswer
from backoffice.tasks import runner
from backoffice.webhooks import service as webhooks
from integrations.payments.disputes import EvidenceField
from tests.support.at_once import at_once
from tests.support.consistency import problems
from tests.support.shop import paid

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb"])


@pytest.fixture
def dispute(shop) -> str:
    """Our reference of a dispute that waits for an answer."""
    buyer = shop.buyer()
    buyer.fills_cart()
    shop.is_disputed(paid(shop, buyer))
    shop.works()
    return shop.dispute().ref


def says(dispute: str, text: str, key: str) -> DisputeAnswer:
    return answering.answer(dispute, {EvidenceField.TEXT: text}, with_receipt=False, request_key=key, by=SYSTEM)


def heard(shop) -> list[str]:
    """What the bank was told, and how often it was told something."""
    given = [
        item["evidence"]["texts"]["uncategorized_text"]
        for item in shop.provider.books.disputes.all()
        if item["evidence"]
    ]
    told = [event for event in shop.provider.books.events() if event["type"] == "dispute.updated"]
    return given * len(told)


def test_of_colleagues_who_answer_at_once_one_is_heard(shop, dispute):
    texts = ("It was sent.", "It was signed for.", "It is ours.", "It was fetched.")
    results = at_once(shop.app, *(lambda text=text: says(dispute, text, text) for text in texts))
    made = [result for result in results if isinstance(result, DisputeAnswer)]
    assert len(made) == shop.count(DisputeAnswer) == 1
    refused = (answering.OnItsWay, answering.NoAnswerTaken)
    assert all(isinstance(result, refused) for result in results if result not in made), results
    with units.read():
        said = session.get_one(DisputeAnswer, made[0].id).request["texts"]["uncategorized_text"]
    assert heard(shop) == [said]
    shop.works()
    assert (shop.dispute().state, shop.open_cases()) == ("under_review", [])
    assert problems() == []


def test_one_form_pressed_many_times_at_once_answers_once(shop, dispute):
    results = at_once(shop.app, *(lambda: says(dispute, "It was sent.", "form") for _ in range(5)))
    assert len({result.ref for result in results}) == 1, results
    assert heard(shop) == ["It was sent."]
    shop.works()
    assert shop.tags(dispute).count("dispute.answered") == 1
    assert problems() == []


def test_the_answer_the_webhook_the_task_and_the_poller_at_once_have_one_effect(shop, dispute):
    shop.provider.switch(lose_evidence=1)
    answer = says(dispute, "It was sent.", "form")
    assert answer.state == AnswerState.UNKNOWN
    shop.provider.courier.round()
    results = at_once(
        shop.app,
        lambda: answering.learn(answer.id, by=SYSTEM),
        lambda: answering.ask_again(answer.id),
        lambda: disputes.learn(shop.dispute().id, by=SYSTEM),
        runner.run_due,
        webhooks.poll,
        runner.run_due,
    )
    assert not [result for result in results if isinstance(result, Exception)], results
    shop.clock.forward(minutes=10)
    shop.works()
    assert heard(shop) == ["It was sent."]
    for tag in ("dispute.answered", "dispute.under_review", "case.resolved"):
        assert shop.tags(dispute).count(tag) == 1, tag
    assert problems() == []
