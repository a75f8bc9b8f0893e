from backoffice.tasks import registry
from backoffice.webhooks import handling


@registry.call("webhooks.handle", must_run=True)
def handle(event_id: int) -> None:
    handling.handle(event_id)


@registry.call("webhooks.replay", must_run=True)
def replay(event_id: int) -> None:
    handling.handle(event_id, again=True)
