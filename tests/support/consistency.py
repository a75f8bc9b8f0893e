"""What must hold in any shop, in words: the checks that ``flask invariants check`` runs on a live one."""

from backoffice.invariants import service as invariants


def problems() -> list[str]:
    """What does not fit; nothing where all of it does."""
    return [
        f"{finding.check.words}: {what}"
        for finding in invariants.check()
        for what in finding.refs or [finding.error]
        if what
    ]
