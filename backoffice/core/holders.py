"""Whether the provider that is configured is the one whose key, account and mode something needs."""

from integrations.payments.port import OutcomeUnknown, PaymentsPort

Holder = tuple[str, str, str]  # provider, account, mode


def unlike(port: PaymentsPort, account: str, mode: str) -> str:
    """What the key opens that is not what is configured, as a sentence for whoever set it up; empty where both agree."""
    if (account, mode) == (port.account, port.mode):
        return ""
    return (
        f"The key of {port.name} opens account {account} in {mode} mode, and configured is {port.account} in "
        f"{port.mode} mode."
    )


def is_here(port: PaymentsPort, holder: Holder) -> bool:
    return holder == (port.name, port.account, port.mode)


def refuse_elsewhere(port: PaymentsPort, holder: Holder) -> None:
    """Nobody but who holds a payment is asked about it: another account knows nothing of it, and would open it anew. Raises
    OutcomeUnknown."""
    if not is_here(port, holder):
        provider, account, mode = holder
        raise OutcomeUnknown(f"it is held at {provider}, {account}, {mode} mode, and another is configured")
