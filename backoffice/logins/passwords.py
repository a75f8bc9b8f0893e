"""Passwords: kept as argon2id hashes; an unknown account costs as much time as a wrong password."""

import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backoffice.core.errors import CounterfoilError

_hasher = PasswordHasher()
# The hash of a password that nobody knows, at the usual costs: without an account a login is as slow as with one.
DECOY = "$argon2id$v=19$m=65536,t=3,p=4$kvLgFeDLEeBM2fhd0gdXYw$BQLVEi7q5XkvZw+9zYeD2FQkwqP50G6KqjSJFXxwuLs"
_decoy = DECOY


# What is tried first, with whatever digits and signs around it.
WORN = frozenset(
    {
        "password", "passwort", "passw", "pass", "word", "qwerty", "qwertz", "qwertyuiop", "qwertzuiop", "letmein", "welcome",
        "willkommen", "counterfoil", "admin", "administrator", "iloveyou", "changeme", "secret",
    }
)  # fmt: skip
REPEATED = re.compile(r"(.{1,4}?)\1+")
COUNTED = "0123456789" * 3
LONGEST = 200


class WeakPassword(CounterfoilError):
    status = 422

    def __init__(self, shortest: int) -> None:
        super().__init__(
            "Choose a password of at least %(shortest)s characters (at most %(longest)s) that is neither your "
            "address nor one that everybody tries.",
            shortest=shortest,
            longest=LONGEST,
        )


class WrongLogin(CounterfoilError):
    status = 401

    def __init__(self) -> None:
        super().__init__("This address and password do not belong together. Check both and try again.")


def use(hasher: PasswordHasher) -> None:
    """Hash with other costs (tests)."""
    global _hasher, _decoy
    _hasher = hasher
    _decoy = hasher.hash("decoy")


def make(password: str, address: str, shortest: int) -> str:
    """The hash to keep. Raises WeakPassword."""
    plain = password.lower()
    letters = "".join(filter(str.isalpha, plain))
    is_guessed = letters in WORN or plain in COUNTED or plain in COUNTED[::-1] or REPEATED.fullmatch(plain)
    if not shortest <= len(password) <= LONGEST or plain == address.lower() or is_guessed:
        raise WeakPassword(shortest)
    return _hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is right; slow on purpose, so outside any unit. None stands for an unknown account."""
    try:
        right = _hasher.verify(stored or _decoy, password)
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def renewed(stored: str, password: str) -> str | None:
    """A new hash where the cost has been raised since the old one was made."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(stored) else None
