"""Signed webhooks in the manner of ``t=1700000000,v1=hex,v1=hex``: HMAC-SHA256 over ``t.body``. Time is checked in both
directions; any of several secrets may have made any of several signatures."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integrations.payments.port import BadSignature

TOLERANCE = 300  # seconds, in the past and in the future


def check(header: str, raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Raises BadSignature."""
    stamp, signatures = _parse(header)
    if abs(now.timestamp() - stamp) > TOLERANCE:
        raise BadSignature("the time of the signature is too far from ours")
    signed = f"{stamp}.".encode() + raw
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    if not any(hmac.compare_digest(good, given) for good in expected for given in signatures):
        raise BadSignature("no secret of ours made this signature")


def body(header: str, raw: bytes, secrets: Sequence[str], now: datetime) -> Any:
    """What was signed, read as JSON. Raises BadSignature, and ValueError for bytes that are none or nested beyond reading."""
    check(header, raw, secrets, now)
    try:
        return json.loads(raw)
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error


def _parse(header: str) -> tuple[int, list[str]]:
    """The time and all signatures of scheme v1; other schemes are passed over."""
    pairs = [part.split("=", 1) for part in header.split(",") if "=" in part]
    stamps = [value for name, value in pairs if name.strip() == "t"]
    signatures = [value.strip() for name, value in pairs if name.strip() == "v1" and value.isascii()]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) < 16) or not signatures:
        raise BadSignature("the signature header is missing or malformed")
    return int(stamps[0]), signatures
