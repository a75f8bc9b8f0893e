"""People who never lived: their names and places, when they come, and who of them buys."""

import random
from datetime import datetime
from typing import Any

from backoffice.core import sealing
from backoffice.core.folding import terms
from backoffice.customers import finding
from backoffice.demo.books import CUSTOMER, Books, Buyer, sealed, stamp
from backoffice.demo.bulk import Writer
from backoffice.demo.deals import STEPS, Refs

FIRST = [
    "Ada",
    "Alan",
    "Anna",
    "Ben",
    "Carla",
    "Clara",
    "David",
    "Edith",
    "Elias",
    "Emma",
    "Erik",
    "Eva",
    "Felix",
    "Fritz",
    "Grace",
    "Greta",
    "Hanna",
    "Hugo",
    "Ida",
    "Ines",
    "Jan",
    "Jonas",
    "Karin",
    "Karl",
    "Klara",
    "Lars",
    "Lena",
    "Leo",
    "Lina",
    "Lukas",
    "Mads",
    "Maja",
    "Maria",
    "Max",
    "Mila",
    "Nils",
    "Nora",
    "Olaf",
    "Oskar",
    "Paul",
    "Pia",
    "Rosa",
    "Sara",
    "Sofie",
    "Theo",
    "Tilda",
    "Uwe",
    "Zoë",
]
LAST = [
    "Andersen",
    "Bauer",
    "Becker",
    "Berg",
    "Christensen",
    "Dahl",
    "Fischer",
    "Frank",
    "Graf",
    "Hansen",
    "Hartmann",
    "Hoffmann",
    "Jensen",
    "Keller",
    "Klein",
    "Koch",
    "Krüger",
    "Lange",
    "Larsen",
    "Lindner",
    "Lorenz",
    "Maier",
    "Meyer",
    "Møller",
    "Müller",
    "Neumann",
    "Nielsen",
    "Olsen",
    "Petersen",
    "Pohl",
    "Richter",
    "Schmidt",
    "Schneider",
    "Schulz",
    "Sommer",
    "Stein",
    "Thomsen",
    "Vogel",
    "Wagner",
    "Weber",
    "Winter",
    "Wolf",
    "Zimmermann",
]
PLACES = (
    ("Karl-Liebknecht-Straße", "04107", "Leipzig", "DE"), ("Bergstraße", "10115", "Berlin", "DE"),
    ("Schanzenstraße", "20357", "Hamburg", "DE"), ("Lindwurmstraße", "80337", "München", "DE"),
    ("Venloer Straße", "50672", "Köln", "DE"), ("Alaunstraße", "01099", "Dresden", "DE"),
    ("Berger Straße", "60316", "Frankfurt am Main", "DE"), ("Ostertorsteinweg", "28203", "Bremen", "DE"),
    ("Jægersborggade", "2200", "København", "DK"), ("Mejlgade", "8000", "Aarhus", "DK"),
    ("Mariahilfer Straße", "1060", "Wien", "AT"), ("Rue de Flandre", "1000", "Bruxelles", "BE"),
)  # fmt: skip


def person_name(draw: random.Random) -> str:
    """A first and a last name; now and then two of the latter."""
    last = draw.choice(LAST)
    if draw.random() < 0.07:
        last += f"-{draw.choice(LAST)}"
    return f"{draw.choice(FIRST)} {last}"


class People:
    """The customers of a history. Those of an interrupted one are read back."""

    def __init__(self, refs: Refs, seed: int, writer: Writer) -> None:
        self.refs, self.seed = refs, seed
        low, high = refs.within("per")
        rows = writer.ask(
            f"SELECT id, ref, email, name, wrapped_key FROM people WHERE ref >= '{low}' AND ref < '{high}' ORDER BY id"  # noqa: S608
        )
        self.buyers = [self._buyer(index, row) for index, row in enumerate(rows)]
        self.last = int(writer.ask("SELECT COALESCE(MAX(id), 0) FROM people")[0][0])

    @property
    def count(self) -> int:
        return len(self.buyers)

    def chosen(self, draw: random.Random) -> Buyer:
        """Who buys now: who came first a little more often."""
        return self.buyers[int(draw.random() ** 1.2 * len(self.buyers))]

    def join(self, index: int, at: datetime, books: Books) -> None:
        """Somebody comes for the first time."""
        draw = random.Random(f"{self.seed}:person:{index}")  # noqa: S311 - a story, no secret
        name = person_name(draw)
        ref = self.refs("per", index)
        email = ".".join(terms(name)) + f".{index}@example.org"
        key = sealing.new_wrapped_key()
        self.last += 1
        books.add("people", self.last, ref, email, name, key, None, None, stamp(at), None, "")
        buyer = self._buyer(index, (self.last, ref, email, name, key))
        for word in sorted(finding.words_of(name, buyer.phone)):
            books.add("person_terms", word[:40], self.last)
        changes = (
            f'{{"email": [null, {sealed(ref, "email", key, email)}], "name": [null, {sealed(ref, "name", key, name)}]}}'
        )
        request = self.refs("req", index * STEPS + STEPS - 1)
        books.tell(at, "person.created", "person", self.last, ref, (CUSTOMER, ref), request, changes)
        self.buyers.append(buyer)

    def _buyer(self, index: int, row: tuple[Any, ...]) -> Buyer:
        person_id, ref, email, name, key = row
        street, postcode, city, country, phone = self._reached(index)
        given = {
            "name": name, "street": street, "postcode": postcode, "city": city, "country": country, "email": email,
            "phone": phone,
        }  # fmt: skip
        told = ", ".join(f'"{name}": [null, {sealed(ref, name, key, value)}]' for name, value in given.items())
        return Buyer(index, person_id, ref, email, name, street, postcode, city, country, phone, told)

    def _reached(self, index: int) -> tuple[str, str, str, str, str]:
        """Where a person lives, and the phone that three of ten told."""
        draw = random.Random(f"{self.seed}:address:{index}")  # noqa: S311
        street, postcode, city, country = draw.choice(PLACES)
        number = draw.randrange(1, 180)
        phone = f"+49 15{draw.randrange(10**8, 10**9)}" if draw.random() < 0.3 else ""
        return f"{street} {number}", postcode, city, country, phone
