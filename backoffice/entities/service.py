"""The seller and its legal texts."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.core.looks import look
from backoffice.entities.models import Entity, LegalKind, LegalText


class Seller(NamedTuple):
    """The entity that sells, as an order and its papers need it: a plain row, for nobody changes it there."""

    id: int
    shop_name: str
    legal_name: str
    street: str
    postcode: str
    city: str
    country: str
    vat_id: str
    register_entry: str
    email: str
    phone: str
    zone: str


class TextVersion(NamedTuple):
    """A published version of a legal text, without its words."""

    id: int
    version: int


_SELLER = select(Entity).order_by(Entity.id).limit(1)
_SELLING = (
    select(*[getattr(Entity, name) for name in Seller._fields], LegalText.id, LegalText.version)
    .join(LegalText, LegalText.entity_id == Entity.id)
    .where(LegalText.kind == bindparam("kind"))
    .order_by(Entity.id, LegalText.version.desc())
    .limit(1)
)


class NoSeller(CounterfoilError):
    status = 503

    def __init__(self) -> None:
        super().__init__("The shop has no seller yet: run `flask --app wsgi demo seed` or create one.")


@dataclass(frozen=True)
class EntityData:
    code: str
    shop_name: str
    legal_name: str
    street: str
    postcode: str
    city: str
    country: str
    vat_id: str
    register_entry: str
    email: str
    phone: str
    currency: str
    zone: str


def create(data: EntityData, *, by: Actor) -> Entity:
    entity = Entity(ref=references.new("ent"), created_at=clock.now(), **asdict(data))
    session.add(entity)
    audit.record(Tag.ENTITY_CHANGED, entity, by=by, reason="created", **asdict(data))
    return entity


def seller() -> Entity:
    """The entity that sells in the shop. Raises NoSeller on an empty database."""
    entity = session.scalars(_SELLER).one_or_none()
    if entity is None:
        raise NoSeller
    return entity


def get(entity_id: int) -> Entity:
    return session.get_one(Entity, entity_id)


class EmptyText(CounterfoilError):
    status = 422

    def __init__(self) -> None:
        super().__init__("Nothing is written there: a legal text that says nothing is not published.")


def publish(entity: Entity, kind: LegalKind, text: str, *, by: Actor, reason: str = "") -> LegalText:
    """Publish the next version of a legal text; earlier ones stay readable for ever. The same text once more is the version
    that counts already. Raises EmptyText."""
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not text:
        raise EmptyText
    known = newest(entity, kind)
    if known and known.text == text:
        return known
    last = known.version if known else None
    row = LegalText(entity_id=entity.id, kind=kind, version=(last or 0) + 1, text=text, published_at=clock.now())
    session.add(row)
    audit.record(
        Tag.ENTITY_CHANGED,
        entity,
        by=by,
        reason=reason or f"{kind} published",
        text=(None, kind),
        version=(last, row.version),
    )
    return row


def newest(entity: Entity, kind: LegalKind) -> LegalText | None:
    """The version that counts now; None where nothing was published yet."""
    query = select(LegalText).where(LegalText.entity_id == entity.id, LegalText.kind == kind)
    return session.scalars(query.order_by(LegalText.version.desc()).limit(1)).one_or_none()


def versions(entity: Entity) -> list[LegalText]:
    """Every version of every text, the newest first."""
    query = select(LegalText).where(LegalText.entity_id == entity.id)
    return list(session.scalars(query.order_by(LegalText.version.desc(), LegalText.id)))


def current(entity: Entity, kind: LegalKind) -> LegalText:
    """The version that counts now. Raises NotFound."""
    row = newest(entity, kind)
    if row is None:
        raise NotFound("text yet")
    return row


def selling(kind: LegalKind) -> tuple[Seller, TextVersion]:
    """The seller and the version of a text that counts now, in one look. Raises NoSeller."""
    row = look(_SELLING, kind=kind).first()
    if row is None:
        raise NoSeller
    return Seller._make(row[:-2]), TextVersion._make(row[-2:])


def version(entity: Entity, kind: LegalKind, number: int) -> LegalText:
    """A published version. Raises NotFound."""
    query = select(LegalText).where(
        LegalText.entity_id == entity.id, LegalText.kind == kind, LegalText.version == number
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound("version of this text")
    return row


def text_of(text_id: int) -> LegalText:
    """The version that a row points at."""
    return session.get_one(LegalText, text_id)
