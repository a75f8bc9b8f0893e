"""What to look out for with a customer before anything is decided about them: barred, owing, disputing. Lists, pages and forms
show the same."""

from markupsafe import Markup
from sqlalchemy import ColumnElement, case

from backoffice.admin.badges import badge
from backoffice.customers.models import Person
from backoffice.disputes import service as disputes
from backoffice.invoices import owing

FLAGS = (("barred", "Barred"), ("overdue", "Overdue"), ("disputed", "Disputed"))
_SHAPES = {"barred": "rejected", "overdue": "declined", "disputed": "lost"}
# Of a look that reads people: which of them each has, in their order, with a space behind each.
OF_PERSON: ColumnElement[str] = (
    case((Person.barred_at.is_not(None), "barred "), else_="")
    + case((owing.owing(Person.id), "overdue "), else_="")
    + case((disputes.disputing(), "disputed "), else_="")
)


def having(flag: str) -> ColumnElement[bool]:
    """Condition: the people with one of them. Raises ValueError."""
    conditions = {
        "barred": Person.barred_at.is_not(None),
        "overdue": Person.id.in_(owing.people()),
        "disputed": Person.id.in_(disputes.disputing_people()),
    }
    if flag not in conditions:
        raise ValueError(flag)
    return conditions[flag]


def shown(found: str | None) -> Markup:
    """What `OF_PERSON` found, as badges."""
    return Markup(" ").join(badge(_SHAPES[flag], dict(FLAGS)[flag]) for flag in (found or "").split())
