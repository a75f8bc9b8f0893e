"""What every page of the office is drawn with, whatever desk it belongs to."""

from contextlib import nullcontext
from dataclasses import replace
from functools import cache, partial
from typing import Any, ClassVar

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_wtf.csrf import generate_csrf

from backoffice.admin import access, badges, cells, declines, differences, looks, waiting
from backoffice.admin.actions import Action
from backoffice.admin.cells import ZONE
from backoffice.core import clock, formatting, units
from backoffice.staff.roles import Right, may, whom_to_ask


def drawn_with(given: dict[str, Any]) -> dict[str, Any]:
    """The context of a template: what the view gives, and what the frame needs."""
    has = partial(may, access.my_role())
    actions = [for_whoever_asks(item) for item in given.get("actions", ())]
    return {
        "troubles": (),
        **given,
        "actions": actions,
        "zone": ZONE,
        "cells": cells,
        "badge": badges.badge,
        "words": badges.words,
        "declined": declines.told,
        "waiting": waiting.counts,
        "has": has,
        "may": lambda item: has(item.right),
        "Right": Right,
        "whom_to_ask": whom_to_ask,
        "difference": differences.marked,
        "csrf_token": cache(generate_csrf),  # one and the same for every form of a page
        "now_here": formatting.moment(clock.now(), ZONE),
    }


class Page:
    """Mixin of the office's views: for colleagues who may see them; pages are drawn inside one read unit, actions open
    their own, and who looked at personal data is written down."""

    sees: ClassVar[Right]  # what its pages ask for, where a view names no right of its own

    def is_accessible(self) -> bool:
        return access.is_staff()

    def inaccessible_callback(self, name: str, **_kwargs: Any) -> ResponseReturnValue:
        return access.to_login()

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        access.demand(self.sees)
        access.demand(getattr(fn, "right", self.sees))
        with units.read() if request.method in ("GET", "HEAD") else nullcontext():
            answer = fn(self, *args, **kwargs)
        looks.write_down()  # a form that comes back shows as much as the page did
        return answer


class Screen(Page, BaseView):
    """A page of the office that is no list of one model, in the sidebar of those who may see it."""

    def __init__(self, name: str, key: str, category: str) -> None:
        super().__init__(name=name, endpoint=key, url=f"/admin/{key}", category=category)

    def is_visible(self) -> bool:
        return access.has(self.sees)

    def render(self, template: str, **kwargs: Any) -> str:
        return str(super().render(template, **drawn_with(kwargs)))


def for_whoever_asks(item: Action) -> Action:
    """The action, or who could do it instead."""
    return item if access.has(item.right) else replace(item, why_not=whom_to_ask(item.right).lower().rstrip("."))
