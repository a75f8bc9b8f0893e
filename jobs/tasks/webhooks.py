from backoffice.tasks import registry
from backoffice.webhooks import service as webhooks


@registry.call("webhooks.handle")
def handle(event_id: int) -> None:
    webhooks.handle(event_id)
