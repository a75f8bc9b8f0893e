"""The sandbox's kept methods."""

from integrations.payments.methods import MethodSnapshot, SetupRequest, SetupSnapshot, SetupStatus
from integrations.payments.sandbox_calls import Row, SandboxCalls
from integrations.payments.shapes import reads


class SandboxMethods:
    def __init__(self, calls: SandboxCalls) -> None:
        self._calls = calls

    def open_setup(self, request: SetupRequest) -> SetupSnapshot:
        body = request.as_json()
        return _setup(self._calls.post("/v1/setups", body, body.pop("key")))

    def retrieve_setup(self, provider_ref: str) -> SetupSnapshot:
        return _setup(self._calls.get(f"/v1/setups/{provider_ref}"))

    def retrieve(self, provider_ref: str) -> MethodSnapshot:
        return read_method(self._calls.get(f"/v1/methods/{provider_ref}"))

    def remove(self, provider_ref: str, *, key: str) -> None:
        self._calls.post(f"/v1/methods/{provider_ref}/detach", {}, key)


@reads
def _setup(row: Row) -> SetupSnapshot:
    known = row["status"] in tuple(SetupStatus)
    return SetupSnapshot(
        provider_ref=row["id"],
        reference=row["reference"],
        status=SetupStatus(row["status"]) if known else SetupStatus.OPEN,  # an unknown word is no outcome
        page_url=row["page_url"],
        customer=row["customer"],
        method=read_method(row["method"]) if row["method"] else None,
        raw={name: row[name] for name in ("id", "status")},
    )


@reads
def read_method(row: Row) -> MethodSnapshot:
    return MethodSnapshot(
        provider_ref=row["id"],
        customer=row["customer"],
        brand=row["brand"][:40],
        last4=row["last4"][:4],
        expires=(row["exp_year"], row["exp_month"]) if row["exp_year"] else None,
        fingerprint=row["fingerprint"],
    )
