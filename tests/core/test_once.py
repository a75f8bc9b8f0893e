"""What a request asks for many times is looked up once."""

import pytest
from flask import Flask

from backoffice.core.once import keep, once


@pytest.fixture
def request_of():
    app = Flask("once")
    return lambda: app.test_request_context("/")


def test_a_request_looks_once_and_the_next_looks_again(request_of):
    looked: list[int] = []

    def find() -> int:
        looked.append(1)
        return len(looked)

    for expected in (1, 2):
        with request_of():
            assert [once("number", find) for _ in range(3)] == [expected] * 3


def test_nothing_is_an_answer_too(request_of):
    looked = []
    with request_of():
        assert [once("nobody", lambda: looked.append(1)) for _ in range(3)] == [None] * 3
    assert looked == [1]


def test_what_failed_is_looked_for_again(request_of):
    with request_of():
        with pytest.raises(ZeroDivisionError):
            once("share", lambda: 1 // 0)
        assert once("share", lambda: 1) == 1


def test_what_is_known_already_is_not_looked_for(request_of):
    with request_of():
        keep("pieces", 3)
        assert once("pieces", lambda: 1 // 0) == 3
