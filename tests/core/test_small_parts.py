"""References, links, card numbers, sealing, actors: small rules that much depends on."""

from datetime import timedelta

import pytest
from cryptography.fernet import InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core import actor, links, references, sealing
from backoffice.core.cards import has_card_number
from backoffice.core.errors import NotFound


def test_references_are_opaque_and_differ():
    made = {references.new("ord") for _ in range(1000)}
    assert len(made) == 1000
    assert all(references.is_reference(ref) for ref in made)
    assert not references.is_reference("ord_short")


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242", "my card 4242 4242 4242 4242 thanks", "4000-0025-0000-3155", "378282246310005",
        "please charge 4242 4242 4242 4242 12/27 123", "4242424242424242 12/27", "4242424242424242 123",
        "4242 4242 4242 4242 123",
        "No 17 4242 4242 4242 4242", "exp 08.27 4242 4242 4242 4242", "4242\N{NO-BREAK SPACE}4242\N{NO-BREAK SPACE}4242 4242",
        "4242  4242  4242  4242", "4242/4242/4242/4242", "4242_4242_4242_4242", "3782 822463 10005 08/27",
        "4242 - 4242 - 4242 - 4242",
    ],
)  # fmt: skip
def test_card_numbers_are_recognised(text):
    assert has_card_number(text)


@pytest.mark.parametrize("text", [
    "+49 341 1234567", "4242424242424241", "order 10482", "DE136695976", "", "0341 1234567 / 0151 7654321",
    "10 20 30 40 50 60 70",
    "S-2026-000001, 28.11.2026 09:14", "1,250.00 4,500.00",
])  # fmt: skip
def test_other_numbers_are_left_alone(text):
    assert not has_card_number(text)


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("nonsense", None), (None, None)],
)
def test_addresses_are_kept_as_networks_only(address, network):
    assert actor.truncated(address) == network


@pytest.mark.parametrize("engine_name", ["sqlite"])
class TestWithApplication:
    def test_a_signed_link_opens_one_thing_for_its_time(self, app, clock):
        token = links.sign("order", "ord_1", timedelta(days=1))
        assert links.unsign("order", token) == "ord_1"
        with pytest.raises(NotFound):
            links.unsign("payment", token)
        with pytest.raises(NotFound):
            links.unsign("order", token[:5] + ("A" if token[5] != "A" else "B") + token[6:])
        clock.forward(days=2)
        with pytest.raises(NotFound):
            links.unsign("order", token)

    @pytest.mark.parametrize("garbage", ["", ".", "a.b", "é.é", "W10.x"])
    def test_garbage_is_no_link(self, app, garbage):
        with pytest.raises(NotFound):
            links.unsign("order", garbage)

    def test_what_is_sealed_is_read_with_the_persons_own_key_only(self, app):
        mine, other = sealing.new_wrapped_key(), sealing.new_wrapped_key()
        cipher = sealing.seal(mine, "Ada")
        assert "Ada" not in cipher
        assert sealing.unseal(mine, cipher) == "Ada"
        with pytest.raises(InvalidToken):
            sealing.unseal(other, cipher)


@given(st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_every_number_with_its_check_digit_is_recognised(digits):
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 if place % 2 else 2)
        total += number - 9 if number > 9 else number
    assert has_card_number(digits + str(-total % 10))


@pytest.mark.parametrize("purpose", ["order", "account", "staff", "email", "payment", "of tomorrow"])
@pytest.mark.parametrize("ref", ["ord_1", "per_1:abc:anna.annasdottir@annasdottir.is", "x" * 300])
def test_no_reader_of_a_mail_gets_a_link_that_works(app, purpose, ref):
    """Whatever a link is for, and however its payload was written: a long one is compressed."""
    token = links.sign(purpose, ref, timedelta(days=1))
    shown = links.hidden(f"Look: http://shop.example/some/where/{token}\nBye. See /orders/find.")
    assert token[-20:] not in shown
    assert shown.startswith("Look: http://shop.example/some/where/…")
    assert shown.endswith("Bye. See /orders/find.")
