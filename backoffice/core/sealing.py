"""Encryption of personal values: every person has a key of their own, wrapped by the deployment's data key.

Destroying a person's key makes what was sealed with it unreadable and leaves the audit chain whole."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import Fernet

from backoffice.core.ports import settings


@dataclass(frozen=True, slots=True)
class Sealed:
    """A personal value as the audit log keeps it: whose, which field, and the ciphertext under that person's key."""

    person: str
    field: str
    cipher: str

    def as_json(self) -> dict[str, str]:
        return {"person": self.person, "field": self.field, "cipher": self.cipher}


def new_wrapped_key() -> str:
    return _master().encrypt(Fernet.generate_key()).decode()


def seal(wrapped_key: str, value: str) -> str:
    return seal_all(wrapped_key, {"": value})[""]


def seal_all(wrapped_key: str, values: Mapping[str, str]) -> dict[str, str]:
    """All of these under one person's key, which is unwrapped once."""
    key = _key(wrapped_key)
    return {name: key.encrypt(value.encode()).decode() for name, value in values.items()}


def unseal(wrapped_key: str, cipher: str) -> str:
    return _key(wrapped_key).decrypt(cipher.encode()).decode()


def _key(wrapped_key: str) -> Fernet:
    return Fernet(_master().decrypt(wrapped_key.encode()))


def _master() -> Fernet:
    return _fernet_of(settings().data_key)


@lru_cache(maxsize=4)
def _fernet_of(data_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(data_key.encode()).digest()))
