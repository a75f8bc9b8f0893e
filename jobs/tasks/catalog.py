from backoffice.catalog import editing, pricing
from backoffice.tasks import registry


@registry.plain("catalog.reprice", must_run=True)
def reprice(product_id: int) -> None:
    pricing.reprice(product_id)


@registry.plain("catalog.reindex")
def reindex(category_id: int) -> None:
    editing.reindex(category_id)
