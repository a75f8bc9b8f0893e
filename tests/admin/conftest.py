import pytest

from tests.support.shop import hidden

EMAIL, PASSWORD = "olive@plumb-and-level.example", "measure twice"


@pytest.fixture
def operator(shop):
    """A logged-in administrator's browser."""
    client = shop.app.test_client()
    form = hidden(client.get("/admin/login").text)
    answer = client.post("/admin/login", data={**form, "email": EMAIL, "password": PASSWORD, "next": ""})
    assert answer.status_code == 303, answer.text
    return client
