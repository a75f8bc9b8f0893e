from backoffice.core import units
from backoffice.invariants import service as invariants
from backoffice.tasks import registry
from backoffice.tasks import service as tasks


@registry.call("invariants.check")
def check() -> None:
    invariants.check_and_keep()
    units.write(tasks.finish_running)
