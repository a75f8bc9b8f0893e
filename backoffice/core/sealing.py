"""Encryption of personal values: every person has a key of their own, wrapped by the deployment's data key.

Destroying a person's key makes what was sealed with it unreadable and leaves the audit chain whole."""

import base64
import hashlib
from dataclasses import dataclass

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
    return Fernet(_master().decrypt(wrapped_key.encode())).encrypt(value.encode()).decode()


def unseal(wrapped_key: str, cipher: str) -> str:
    return Fernet(_master().decrypt(wrapped_key.encode())).decrypt(cipher.encode()).decode()


def _master() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(settings().data_key.encode()).digest()))
