"""Marks of what a page showed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.seen import ChangedMeanwhile, check, mark

VALUES = st.lists(st.one_of(st.integers(), st.text(), st.none()))


@given(VALUES, VALUES)
def test_a_mark_tells_values_apart_and_looks_like_no_number(some, others):
    assert mark(*some).isalpha()
    assert len(mark(*some)) == 20
    assert (mark(*some) == mark(*others)) == (some == others)
    check(mark(*some), *some)
    check(None, *some)
    if some != others:
        with pytest.raises(ChangedMeanwhile):
            check(mark(*others), *some)


def test_a_form_without_a_mark_is_an_older_page():
    with pytest.raises(ChangedMeanwhile):
        check("", 1)
