"""What is kept of public pages: shared through Redis, believed only with our seal, and done without."""

import pickle
from dataclasses import replace

import pytest
from redis import Redis

from backoffice.core.ports import EXTENSION
from storefront import fragments

RAN: list[str] = []


class Bomb:
    """A pickle that runs a program's code where it is opened."""

    def __reduce__(self):
        return (RAN.append, ("ran",))


@pytest.fixture
def redis(shop, valkey):
    runtime = shop.app.extensions[EXTENSION]
    shop.app.extensions[EXTENSION] = replace(runtime, settings=replace(runtime.settings, redis_url=valkey.url))
    fragments.forget()
    connection = Redis.from_url(valkey.url)
    yield connection
    connection.close()


def made_in_another_process(key: str, text: str) -> str:
    """What a process says that has nothing of its own."""
    fragments.forget()
    return fragments.fragment(1, (key,), lambda: text)


def test_one_process_makes_it_and_the_others_take_it(redis):
    assert made_in_another_process("greeting", "first") == "first"
    assert made_in_another_process("greeting", "second") == "first"
    redis.flushall()
    assert made_in_another_process("greeting", "third") == "third"


def test_what_a_stranger_wrote_into_redis_is_never_opened(redis):
    made_in_another_process("greeting", "ours")
    (name,) = redis.keys("fragment:*")
    sealed = redis.get(name)
    for forged in (pickle.dumps(Bomb()), sealed[: fragments.SEAL] + pickle.dumps(Bomb()), b"", b"short"):
        redis.set(name, forged)
        assert made_in_another_process("greeting", "made anew") == "made anew"
    assert RAN == []


def test_a_sealed_fragment_counts_under_its_own_name_only(redis):
    made_in_another_process("a price", "1")
    (name,) = redis.keys("fragment:*")
    sealed = redis.get(name)
    made_in_another_process("another price", "2")
    (other,) = set(redis.keys("fragment:*")) - {name}
    redis.set(other, sealed)
    assert made_in_another_process("another price", "2") == "2"


def test_pages_do_without_redis(shop, valkey, redis):
    client = shop.app.test_client()
    assert client.get("/shop/levels").status_code == 200
    valkey.stop()
    fragments.forget()
    assert client.get("/shop/levels").status_code == 200
