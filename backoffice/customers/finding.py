"""Finding a customer by what somebody on the phone says: a name, an address, a number. Each through an index."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from sqlalchemy import Select, and_, or_, select

from backoffice.core.db import session
from backoffice.core.folding import LONGEST, terms
from backoffice.core.writes import put
from backoffice.customers.models import Person, PersonTerm

MOST_WORDS = 4  # of a query that count
FEWEST_DIGITS = 5  # of a phone number that somebody looks for
ALIKE = 7  # digits at the end of a number that tell it from others
PHONE = "#"  # stands before the digits of a phone number, read backwards: no word begins so
FORMER = "@"  # stands before the digest of an address that was theirs: no word begins so either
MOST = 20
SHORTEST = 4  # letters of a word whose umlauts may have been written apart
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def words_of(name: str, phone: str = "") -> set[str]:
    """What a person is found by."""
    backwards = _backwards(phone)
    return {*terms(name), *([PHONE + backwards] if len(backwards) >= FEWEST_DIGITS else [])}


def learn(person: Person, words: Iterable[str], *, is_new: bool) -> None:
    """Let a person be found by these words too; nothing is asked about a new one."""
    wanted = {word[:LONGEST] for word in words}
    if not is_new and wanted:
        known = select(PersonTerm.term).where(PersonTerm.person_id == person.id, PersonTerm.term.in_(wanted))
        wanted -= set(session.scalars(known))
    if wanted:
        put(PersonTerm, [{"term": word, "person_id": person.id} for word in sorted(wanted)])


def by_words(text: str, most: int = MOST) -> list[Person]:
    """Customers whose names have every word of the text, or a word that begins so; the newest first."""
    words = spellings(text)
    return _found([having(*word) for word in words], most) if words else []


def by_phone(text: str, most: int = MOST) -> list[Person]:
    """Customers whose number ends with these digits, however country code and zeros in front were written."""
    backwards = _backwards(text)
    if len(backwards) < FEWEST_DIGITS:
        return []
    return _found([having(PHONE + backwards, end=":")], most)


def by_email(text: str, most: int = MOST) -> list[Person]:
    """Customers whose address begins so."""
    start = text.strip().lower()
    if not start:
        return []
    query = select(Person).where(Person.email >= start, Person.email < start + "\U0010ffff")
    return list(session.scalars(query.order_by(Person.email).limit(most)))


def formerly(email: str) -> str:
    """The term by which a person is found who had this normalised address before they moved to another one."""
    return (FORMER + hashlib.sha256(email.encode()).hexdigest())[:LONGEST]


def spellings(text: str) -> list[tuple[str, ...]]:
    """The words of a text that count, each as it may be written: Müller is Mueller, and Mueller may be Müller."""
    written = text.lower().translate(UMLAUTS)
    found = zip(terms(text), terms(written), strict=False)  # as many of both
    words = {plain: tuple(dict.fromkeys((plain, apart, _together(plain)))) for plain, apart in found}
    return list(words.values())[:MOST_WORDS]


def having(*words: str, end: str = "{") -> Select[int]:
    """Ids of those who have a word that begins with one of these; ``end`` sorts behind whatever may follow."""
    begins = (and_(PersonTerm.term >= word, PersonTerm.term < word + end) for word in words)
    return select(PersonTerm.person_id).where(or_(*begins))


def _found(conditions: Sequence[Select[int]], most: int) -> list[Person]:
    query = select(Person).where(*(Person.id.in_(ids) for ids in conditions))
    return list(session.scalars(query.order_by(Person.id.desc()).limit(most)))


def _together(word: str) -> str:
    """``mueller`` → ``muller``; a short word stays as it is, or Joe would find every John."""
    short = word
    for apart in ("ae", "oe", "ue"):
        short = short.replace(apart, apart[0])
    return short if len(short) >= SHORTEST else word


def _backwards(phone: str) -> str:
    """The last digits, from the last on: 0341 555777 and +49 341 555777 are alike so, whatever stands in front."""
    return re.sub(r"\D", "", phone).lstrip("0")[::-1][:ALIKE]
