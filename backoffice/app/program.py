"""Flask where every request pays for what this program never uses."""

from collections.abc import Callable, MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment

from backoffice.app.routing import LateRule


class Templates(Environment):
    """Names of everywhere are one dict from when a template is loaded; what is added later is not seen by it. Jinja chains two,
    and each rendering copies them all, name by name, through the chain."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


class Program(Flask):
    """No view or hook of ours is a coroutine, so nobody looks for one at each call."""

    url_rule_class = LateRule
    jinja_environment = Templates

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
