from backoffice.customers import accounts
from backoffice.tasks import registry


@registry.plain("accounts.invite")
def invite(email: str, called: str) -> None:
    accounts.invite(email, called)


@registry.plain("accounts.remind")
def remind(email: str) -> None:
    accounts.remind(email)
