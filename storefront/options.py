"""What the variants of a product differ in, as its page offers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backoffice.core.money import Money


@dataclass(frozen=True)
class Choice:
    """One variant on a product's page."""

    id: int
    ref: str
    sku: str
    label: str
    values: tuple[str, ...]  # of the product's options, in their order
    price: Money
    address: str  # of the product's page with this variant chosen


class Pick(NamedTuple):
    """One value of an option, and the variant that choosing it leads to."""

    label: str
    choice: Choice
    is_chosen: bool


class Option(NamedTuple):
    """What the variants differ in, as the page offers it."""

    name: str
    picks: tuple[Pick, ...]


def offered(names: Sequence[str], choices: Sequence[Choice], chosen: Choice | None) -> tuple[Option, ...]:
    """One row for each option where variants differ in several; one of all variants else, or where their values were not
    given option by option. A value that there is not together with the others that are chosen leads to the nearest variant."""
    if chosen is None or len(choices) < 2:
        return ()
    if len(names) < 2 or any(len(item.values) != len(names) for item in choices):
        picks = tuple(Pick(item.label, item, item is chosen) for item in choices)
        return (Option(", ".join(names), picks),)

    def alike(item: Choice) -> int:
        return sum(one == other for one, other in zip(item.values, chosen.values, strict=True))

    rows = []
    for place, name in enumerate(names):
        values = dict.fromkeys(item.values[place] for item in choices)
        nearest = [max((item for item in choices if item.values[place] == value), key=alike) for value in values]
        picks = tuple(Pick(item.values[place], item, item.values[place] == chosen.values[place]) for item in nearest)
        rows.append(Option(name, picks))
    return tuple(rows)
