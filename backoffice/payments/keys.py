"""Whether the key of the provider opens what is configured."""

from integrations.payments.port import PaymentsPort


def unlike(port: PaymentsPort, account: str, mode: str) -> str:
    """What the key opens that is not what is configured, as a sentence for whoever set it up; empty where both agree."""
    if (account, mode) == (port.account, port.mode):
        return ""
    return (
        f"The key of {port.name} opens account {account} in {mode} mode, and configured is {port.account} in "
        f"{port.mode} mode."
    )
