"""What the queue carries: wake-ups. They hold no work themselves, so losing one loses nothing."""

from backoffice.core import units
from backoffice.core.actor import Origin, coming_from, new_request_id
from backoffice.invariants import service as invariants
from backoffice.reconciliation import service as reconciliation
from backoffice.tasks import runner
from backoffice.tasks import service as tasks
from backoffice.webhooks import service as webhooks


def run() -> None:
    """Run what is due; a worker calls this for every bell."""
    with coming_from(Origin(new_request_id(), "worker")):
        runner.run_due()


def sweep() -> None:
    """Run what is due although nobody rang for it: a lost wake-up, a lost lease, a task for a later time."""
    with units.read():
        due = tasks.is_any_due()
    if due:
        run()


def check_promises() -> None:
    """Look whether everything fits together that must."""
    with coming_from(Origin(new_request_id(), "cron")):
        invariants.check_and_keep()


def reconcile() -> None:
    """Compare the provider's books with ours."""
    with coming_from(Origin(new_request_id(), "cron")):
        reconciliation.run()


def poll_events() -> None:
    """Fetch the events that never came."""
    with coming_from(Origin(new_request_id(), "cron")):
        webhooks.poll()
