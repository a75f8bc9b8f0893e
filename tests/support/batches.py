"""One action for many rows, by HTTP: started from a list, and what came of it."""

import re

from sqlalchemy import select

from backoffice.models import BatchItem
from tests.support.shop import hidden


def start(client, address="/admin/orders/", query="", **form) -> str:
    """Press the button of a list; the page it leads to."""
    page = client.get(address).text
    key = re.search(r'name="key" value="(mny_[^"]+)"', page).group(1)
    where = f"{address}batch" + (f"?{query}" if query else "")
    return client.post(where, data={**hidden(page), "key": key, **form}, follow_redirects=True).text


def results(shop) -> list[tuple[str, str, str]]:
    return [(item.about_ref, item.state, item.message) for item in shop.all(select(BatchItem).order_by(BatchItem.id))]
