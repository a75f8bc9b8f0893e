"""A colleague at the office, by HTTP."""

from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.models import StaffMember
from backoffice.staff.roles import Role
from tests.support.shop import Shop, hidden

EMAIL, PASSWORD = "olive@plumb-and-level.example", "measure twice"


def logged_in(shop: Shop, email: str = EMAIL) -> FlaskClient:
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    answer = client.post("/admin/login", data={**form, "email": email, "password": PASSWORD, "next": ""})
    assert answer.status_code == 303, answer.text
    return client


def colleague(shop: Shop, role: Role) -> FlaskClient:
    """The browser of the colleague with this role."""
    return logged_in(shop, shop.all(select(StaffMember.email).where(StaffMember.role == role))[0])
