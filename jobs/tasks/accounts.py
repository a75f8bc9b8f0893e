from backoffice.customers import accounts, moving
from backoffice.tasks import registry


@registry.plain("accounts.invite")
def invite(email: str, called: str) -> None:
    accounts.invite(email, called)


@registry.plain("accounts.remind")
def remind(email: str) -> None:
    accounts.remind(email)


@registry.plain("accounts.prove")
def prove(person_ref: str, email: str, mark: str) -> None:
    moving.prove(person_ref, email, mark)
