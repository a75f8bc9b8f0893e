"""What every application of the tests would make anew is made once in a process: compiled templates, and engines with their
compiled statements. An engine is emptied of its connections after each test, not of what it has learned."""

from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine

from backoffice.core.db import db


class Templates(BytecodeCache):
    """Compiled templates by name and content."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._known.get((bucket.key, bucket.checksum))
        if known:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


class Engines:
    """Engines by their options, the address among them."""

    def __init__(self) -> None:
        self._known: dict[str, Engine] = {}
        self._make = db._make_engine

    def make(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        name = repr(sorted(options.items(), key=str))
        if name not in self._known:
            self._known[name] = self._make(bind_key, options, app)
        return self._known[name]


TEMPLATES = Templates()
