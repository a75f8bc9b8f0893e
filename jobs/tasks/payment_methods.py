from backoffice.payment_methods import following, setups
from backoffice.tasks import registry


@registry.call("payment_methods.ask", must_run=True)
def ask(setup_id: int) -> None:
    setups.ask_again(setup_id)


@registry.call("payment_methods.remove", must_run=True)
def remove(method_id: int) -> None:
    following.have_removed(method_id)
