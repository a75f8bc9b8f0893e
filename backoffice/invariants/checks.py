"""What must hold in any shop, lived or written in bulk: all checks of all promises, in the order in which they are shown."""

from backoffice.invariants.promises import (
    cards,
    counterfoils,
    findable,
    money,
    numbers,
    papers,
    pieces,
    postings,
    troubles,
)
from backoffice.invariants.promises.check import Check

CHECKS: tuple[Check, ...] = (
    *money.CHECKS,
    *papers.CHECKS,
    *numbers.CHECKS,
    *postings.CHECKS,
    *pieces.CHECKS,
    *troubles.CHECKS,
    *cards.CHECKS,
    *findable.CHECKS,
    *counterfoils.CHECKS,
)
