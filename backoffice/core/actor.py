"""Who did it, and where the request came from."""

import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class ActorKind(StrEnum):
    CUSTOMER = "customer"
    STAFF = "staff"
    PROVIDER = "provider"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who causes a change. ``ref`` is opaque: a staff or person reference, a provider's name, a program's name."""

    kind: ActorKind
    ref: str


SYSTEM = Actor(ActorKind.SYSTEM, "counterfoil")


def customer(person_ref: str) -> Actor:
    return Actor(ActorKind.CUSTOMER, person_ref)


def staff(staff_ref: str) -> Actor:
    return Actor(ActorKind.STAFF, staff_ref)


def provider(name: str) -> Actor:
    return Actor(ActorKind.PROVIDER, name)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change came from: the request id travels from the request to its tasks and their audit rows."""

    request_id: str
    via: str  # web, office, webhook, worker, cron, command
    network: str | None = None  # truncated: /24 or /48, never a whole address


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def origin() -> Origin:
    """The origin of what runs now; code that nobody introduced gets a fresh request id and via ``code``."""
    return _origin.get() or Origin(new_request_id(), "code")


@contextmanager
def coming_from(where: Origin) -> Iterator[None]:
    token = _origin.set(where)
    try:
        yield
    finally:
        _origin.reset(token)


def new_request_id() -> str:
    return f"req_{secrets.token_hex(8)}"


@lru_cache(maxsize=1_024)
def truncated(address: str | None) -> str | None:
    """The network of an address (/24, /48): tells two places apart without naming a person."""
    if not address:
        return None
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))
