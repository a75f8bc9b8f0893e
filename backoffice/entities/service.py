"""The seller and its terms."""

from dataclasses import asdict, dataclass

from sqlalchemy import select

from backoffice.audit import service as audit
from backoffice.audit.tags import Tag
from backoffice.core import clock, references
from backoffice.core.actor import Actor
from backoffice.core.db import session
from backoffice.core.errors import CounterfoilError, NotFound
from backoffice.entities.models import Entity, Terms

DELIVERS_TO = ("DE", "AT", "BE", "FR", "LU", "NL")  # ISO 3166-1; delivery zones replace this list


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
    entity = session.scalars(select(Entity).order_by(Entity.id).limit(1)).one_or_none()
    if entity is None:
        raise NoSeller
    return entity


def get(entity_id: int) -> Entity:
    return session.get_one(Entity, entity_id)


def publish_terms(entity: Entity, text: str, *, by: Actor) -> Terms:
    """Publish the next version; earlier ones stay readable for ever."""
    last = session.scalars(
        select(Terms.version).where(Terms.entity_id == entity.id).order_by(Terms.version.desc()).limit(1)
    ).one_or_none()
    terms = Terms(entity_id=entity.id, version=(last or 0) + 1, text=text, published_at=clock.now())
    session.add(terms)
    audit.record(Tag.ENTITY_CHANGED, entity, by=by, reason="terms published", terms=(last, terms.version))
    return terms


def current_terms(entity: Entity) -> Terms:
    terms = session.scalars(
        select(Terms).where(Terms.entity_id == entity.id).order_by(Terms.version.desc()).limit(1)
    ).one_or_none()
    if terms is None:
        raise NotFound("version of the terms")
    return terms


def terms_version(entity: Entity, version: int) -> Terms:
    """A published version. Raises NotFound."""
    query = select(Terms).where(Terms.entity_id == entity.id, Terms.version == version)
    terms = session.scalars(query).one_or_none()
    if terms is None:
        raise NotFound("version of the terms")
    return terms


def terms_of(terms_id: int) -> Terms:
    """The version that a row points at."""
    return session.get_one(Terms, terms_id)
