"""Which rows need a counterfoil: a changed Tracked row without an audit row is refused before the commit."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Subject:
    """What an audit row, a case or a timeline is about: kind, row id inside, reference outside."""

    kind: str
    id: int
    ref: str

    @property
    def key(self) -> tuple[str, int]:
        return (self.kind, self.id)


class Tracked:
    """Mixin of models whose every change is audited under themselves."""

    subject_kind: ClassVar[str]
    unaudited: ClassVar[frozenset[str]] = frozenset()  # columns that are notes, not facts: they may change silently

    def subject(self) -> Subject:
        row: Any = self  # every tracked model has an integer id and a reference
        return Subject(self.subject_kind, row.id, row.ref)


class Part:
    """Mixin of models that belong to a tracked whole (order lines): audited under the whole."""

    def subject(self) -> Subject:
        raise NotImplementedError
