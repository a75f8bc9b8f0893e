from backoffice.core import units
from backoffice.reconciliation import service as reconciliation
from backoffice.tasks import registry
from backoffice.tasks import service as tasks


@registry.call("reconciliation.run")
def run() -> None:
    reconciliation.run()
    units.write(tasks.finish_running)
