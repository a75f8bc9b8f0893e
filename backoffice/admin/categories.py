"""The shelves of the shop."""

from types import MappingProxyType

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select

from backoffice.admin import access, timeline
from backoffice.admin.actions import Action, Field, needs, run, typed_count, typed_seen, typed_text
from backoffice.admin.cells import ZONE
from backoffice.admin.lists import DeskList
from backoffice.catalog import editing
from backoffice.catalog.models import Category
from backoffice.core import units
from backoffice.core.db import session
from backoffice.core.errors import NotFound
from backoffice.core.seen import mark
from backoffice.staff.roles import Right


class CategoryDesk(DeskList):
    sees = Right.SEE_CATALOGUE
    column_list = ("name", "slug", "position")
    column_labels = MappingProxyType({"name": "Category", "slug": "Address", "position": "Place"})
    numbers = frozenset({"position"})
    blank = "No category yet."
    one_template = "office/category.html"

    def list_actions(self) -> list[Action]:
        fields = (
            Field("name", "Name"),
            Field("slug", "Address (plumb-bobs)"),
            Field("lead", "A sentence about it", required=False),
        )
        return [Action("New category", self.get_url(".create"), Right.EDIT_CATALOGUE, fields=fields)]

    @expose("/<ref>")
    def one(self, ref: str) -> ResponseReturnValue:
        category = _category(ref)
        fields = (
            Field("name", "Name", value=category.name),
            Field("lead", "A sentence about it", "textarea", category.lead, required=False, most=500),
            Field("position", "Place", "number", str(category.position), most=999),
            Field("seen", "", "hidden", mark(category.name, category.lead, category.position)),
        )
        return self.render(
            self.one_template,
            category=category,
            days=timeline.by_day(timeline.of([category.subject()]), ZONE),
            actions=[Action("Change", self.get_url(".change", ref=ref), Right.EDIT_CATALOGUE, fields=fields)],
        )

    @expose("/create", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def create(self) -> ResponseReturnValue:
        def act() -> str:
            name, slug, lead = typed_text("name"), typed_text("slug"), typed_text("lead", 500)
            return editing.new_category(name, slug, lead, by=access.by()).ref

        done = "The category stands behind the others."
        return run(lambda: units.write(act), done, self.get_url(".index_view"), leads_to=self.page_of)

    @expose("/<ref>/change", methods=["POST"])
    @needs(Right.EDIT_CATALOGUE)
    def change(self, ref: str) -> ResponseReturnValue:
        def act() -> None:
            lead, place = request.form.get("lead", "")[:500], typed_count("position", 999)
            name, seen = typed_text("name"), typed_seen()
            editing.change_category(_category(ref), name, lead, place, seen=seen, by=access.by())

        return run(
            lambda: units.write(act), "The category is changed; customers see it now.", self.get_url(".one", ref=ref)
        )


def _category(ref: str) -> Category:
    category = session.scalars(select(Category).where(Category.ref == ref)).one_or_none()
    if category is None:
        raise NotFound("category")
    return category
