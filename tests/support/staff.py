"""A colleague at the office, by HTTP."""

from flask.testing import FlaskClient

from tests.support.shop import Shop, hidden

EMAIL, PASSWORD = "olive@plumb-and-level.example", "measure twice"


def logged_in(shop: Shop, email: str = EMAIL) -> FlaskClient:
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    answer = client.post("/admin/login", data={**form, "email": email, "password": PASSWORD, "next": ""})
    assert answer.status_code == 303, answer.text
    return client
