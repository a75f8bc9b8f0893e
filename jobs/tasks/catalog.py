from backoffice.catalog import pricing
from backoffice.tasks import registry


@registry.plain("catalog.reprice", must_run=True)
def reprice(product_id: int) -> None:
    pricing.reprice(product_id)
