"""What a process keeps of pages: as much as there is room for, what was used last, until its moment."""

from markupsafe import Markup

from storefront.keeping import ENTRY, LONG, Keeper

LATER = 100.0


def test_what_comes_back_is_what_came():
    keeper = Keeper(1 << 20)
    for number, value in enumerate(
        ("short", "long – text " * LONG, b"bytes" * LONG, Markup("<p>“quoted”</p>") * LONG, None, (1, "a"))
    ):
        keeper.keep(number, LATER, value)
        (found,) = keeper.find(number, 0.0)
        assert found == value
        assert type(found) is type(value)


def test_nothing_is_known_after_its_moment_or_under_another_key():
    keeper = Keeper(1 << 20)
    keeper.keep("a", LATER, "x")
    assert keeper.find("b", 0.0) is None
    assert keeper.find("a", LATER) is None
    keeper.clear()
    assert keeper.find("a", 0.0) is None


def test_the_least_used_goes_when_the_room_is_full():
    keeper = Keeper(3 * (600 + ENTRY))
    for name in "abc":
        keeper.keep(name, LATER, name * 500)
    assert keeper.find("a", 0.0) == ("a" * 500,)
    keeper.keep("d", LATER, "d" * 500)
    assert [name for name in "abcd" if keeper.find(name, 0.0)] == ["a", "c", "d"]


def test_a_value_kept_again_weighs_once():
    keeper = Keeper(3 * (600 + ENTRY))
    for name in ("a", "b", "b", "b"):
        keeper.keep(name, LATER, name * 500)
    assert all(keeper.find(name, 0.0) for name in "ab")


def test_what_is_greater_than_the_room_is_not_kept_and_drives_nothing_out():
    keeper = Keeper(600 + ENTRY)
    keeper.keep("a", LATER, "a" * 500)
    keeper.keep("b", LATER, "".join(map(chr, range(100, 1000))))
    assert keeper.find("b", 0.0) is None
    assert keeper.find("a", 0.0) is not None
    keeper.keep("a", LATER, "".join(map(chr, range(100, 1000))))  # and no longer under its old value
    assert keeper.find("a", 0.0) is None


def test_text_weighs_what_it_takes_packed():
    keeper = Keeper(2_000 + 10 * ENTRY)
    for number in range(10):
        keeper.keep(number, LATER, f"<li>{number}</li>" * 1_000)
    assert all(keeper.find(number, 0.0) for number in range(10))


def test_small_values_under_long_keys_do_not_pile_up():
    keeper = Keeper(100_000)
    for number in range(1_000):
        keeper.keep(("search", f"{number} " + "w" * 500), LATER, ())
    assert len(keeper._kept) < 100
