"""The provider's API in the manner of a real gateway: bearer key, idempotency keys, list endpoints, events."""

import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from integrations.sandbox import faults
from integrations.sandbox.books import ACCOUNT, Books
from integrations.sandbox.disputes import NotDisputable
from integrations.sandbox.methods import NotChargeable
from integrations.sandbox.refunds import NotRefundable

api = Blueprint("api", __name__, url_prefix="/v1")

PAYMENT_FIELDS = {
    "reference": str, "amount": int, "currency": str, "description": str, "return_url": str, "expires_at": str,
}  # fmt: skip
SETUP_FIELDS: dict[str, type] = dict.fromkeys(
    ("reference", "customer", "email", "currency", "return_url", "expires_at"), str
)
CHARGE_FIELDS: dict[str, type] = {"amount": int, "recurring": bool} | dict.fromkeys(
    ("reference", "currency", "description", "customer", "method"), str
)
SAVING_FIELDS: dict[str, type] = {"save": bool, "customer": str, "email": str}
REFUND_FIELDS = {"payment": str, "amount": int, "reference": str, "reason": str}


def books() -> Books:
    found: Books = current_app.extensions["books"]
    return found


@api.before_request
def check() -> ResponseReturnValue | None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), current_app.config["API_KEY"].encode()):
        return _error(401, "unauthorised", "The API key is not valid.")
    return faults.before_call(books())


@api.get("/account")
def account() -> ResponseReturnValue:
    return jsonify(id=ACCOUNT, object="account", mode="test", name=current_app.config["MERCHANT"])


@api.post("/payments")
def create() -> ResponseReturnValue:
    return _once("lose_create", lambda: _create(request.get_json(silent=True)))


@api.get("/payments")
def index() -> ResponseReturnValue:
    reference, after = (request.args.get(name, "") for name in ("reference", "after"))
    return _listed(lambda limit: books().payments(reference, after, limit))


@api.get("/payments/<payment>")
def show(payment: str) -> ResponseReturnValue:
    return _shown(books().get(payment), "payment")


@api.post("/payments/<payment>/cancel")
def cancel(payment: str) -> ResponseReturnValue:
    return _once("lose_create", lambda: _cancel(payment))


@api.post("/refunds")
def create_refund() -> ResponseReturnValue:
    return _once("lose_refund", lambda: _refund(request.get_json(silent=True)))


@api.get("/refunds")
def refunds() -> ResponseReturnValue:
    """All refunds of one payment, newest first."""
    rows = books().refunds.of(request.args.get("payment", ""))
    return faults.lose_answer(books(), "lose_read", jsonify(object="list", data=rows, has_more=False))


@api.get("/refunds/<refund>")
def show_refund(refund: str) -> ResponseReturnValue:
    return _shown(books().refunds.get(refund), "refund")


@api.get("/disputes/<dispute>")
def show_dispute(dispute: str) -> ResponseReturnValue:
    return _shown(books().disputes.get(dispute), "dispute")


@api.get("/warnings/<warning>")
def show_warning(warning: str) -> ResponseReturnValue:
    return _shown(books().disputes.warning(warning), "warning")


@api.post("/disputes/<dispute>/evidence")
def answer_dispute(dispute: str) -> ResponseReturnValue:
    return _once("lose_evidence", lambda: _answer(dispute, request.get_json(silent=True)))


@api.post("/setups")
def open_setup() -> ResponseReturnValue:
    return _once("lose_create", lambda: _open_setup(request.get_json(silent=True)))


@api.get("/setups/<setup>")
def show_setup(setup: str) -> ResponseReturnValue:
    return _shown(books().methods.setup(setup), "setup")


@api.get("/methods/<method>")
def show_method(method: str) -> ResponseReturnValue:
    return _shown(books().methods.method(method), "method")


@api.post("/methods/<method>/detach")
def detach_method(method: str) -> ResponseReturnValue:
    return _once("lose_create", lambda: _detach(method))


@api.post("/charges")
def charge() -> ResponseReturnValue:
    return _once("lose_create", lambda: _charge(request.get_json(silent=True)))


@api.get("/events")
def events() -> ResponseReturnValue:
    return _listed(lambda limit: books().events(request.args.get("since", ""), request.args.get("after", ""), limit))


@api.get("/balance")
def balance() -> ResponseReturnValue:
    """Movements of the balance, oldest first; those of one payout, or between two moments."""
    names = ("since", "until", "after", "payout")
    wish = {name: request.args.get(name, "") for name in names}
    return _listed(lambda limit: books().balance.lines(**wish, limit=limit))


@api.get("/payouts")
def payouts() -> ResponseReturnValue:
    since, after = (request.args.get(name, "") for name in ("since", "after"))
    return _listed(lambda limit: books().balance.payouts(since, after, limit))


@api.get("/payouts/<payout>")
def show_payout(payout: str) -> ResponseReturnValue:
    return _shown(books().balance.payout(payout), "payout")


def _create(body: Any) -> tuple[int, dict[str, Any]]:
    saving = SAVING_FIELDS if isinstance(body, dict) and body.get("save") else {}
    if wrong := _unfit(body, PAYMENT_FIELDS | saving):
        return wrong
    if datetime.fromisoformat(body["expires_at"]) <= books().clock():
        return 400, _problem("parameter_invalid", "expires_at lies in the past.")
    return 201, books().create(body)


def _cancel(payment: str) -> tuple[int, dict[str, Any]]:
    books().cancel(payment)
    row = books().get(payment)
    if row is None:
        return 404, _problem("resource_missing", "No such payment.")
    return 200, row


def _refund(body: Any) -> tuple[int, dict[str, Any]]:
    if wrong := _unfit(body, REFUND_FIELDS):
        return wrong
    if books().take_one("refuse_refund"):
        return 402, _problem("refund_refused", "The customer's bank takes no money back.")
    try:
        row = books().refunds.create(
            body["payment"], body["amount"], reference=body["reference"], reason=body["reason"]
        )
    except NotRefundable as refusal:
        return 402, _problem(refusal.code, refusal.message)
    return 201, row


def _answer(dispute: str, body: Any) -> tuple[int, dict[str, Any]]:
    if not isinstance(body, dict) or not isinstance(body.get("texts"), dict):
        return 400, _problem("parameter_invalid", "texts must be given as an object.")
    if books().disputes.get(dispute) is None:
        return 404, _problem("resource_missing", "No such dispute.")
    try:
        return 200, books().disputes.answer(dispute, body)
    except NotDisputable as refusal:
        return 402, _problem(refusal.code, refusal.message)


def _open_setup(body: Any) -> tuple[int, dict[str, Any]]:
    if wrong := _misshapen(body, SETUP_FIELDS):
        return wrong
    if datetime.fromisoformat(body["expires_at"]) <= books().clock():
        return 400, _problem("parameter_invalid", "expires_at lies in the past.")
    return 201, books().methods.open_setup(body)


def _detach(method: str) -> tuple[int, dict[str, Any]]:
    row = books().methods.detach(method)
    return (200, row) if row else (404, _problem("resource_missing", "No such method."))


def _charge(body: Any) -> tuple[int, dict[str, Any]]:
    if wrong := _unfit(body, CHARGE_FIELDS):
        return wrong
    try:
        return 201, books().methods.charge(body)
    except NotChargeable as refusal:
        return 402, _problem(refusal.code, refusal.message)


def _unfit(body: Any, fields: dict[str, type]) -> tuple[int, dict[str, Any]] | None:
    """What is wrong with the parameters of a request for money, if anything is."""
    if wrong := _misshapen(body, fields):
        return wrong
    if body["amount"] <= 0:
        return 400, _problem("amount_too_small", "amount must be above zero.")
    return None


def _misshapen(body: Any, fields: dict[str, type]) -> tuple[int, dict[str, Any]] | None:
    if not isinstance(body, dict):
        return 400, _problem("parameter_invalid", "The body must be a JSON object.")
    for name, kind in fields.items():
        if type(body.get(name)) is not kind:
            return 400, _problem("parameter_invalid", f"{name} must be given as {kind.__name__}.")
    if unknown := set(body) - set(fields):
        return 400, _problem("parameter_unknown", f"{sorted(unknown)[0]} is not a parameter.")
    return None


def _once(lose: str, act: Any) -> ResponseReturnValue:
    """Run ``act`` once per Idempotency-Key: replay its answer, refuse other parameters and a key still in use."""
    key = request.headers.get("Idempotency-Key", "")
    if not 0 < len(key) <= 255:
        return _error(400, "idempotency_key_missing", "Every POST needs an Idempotency-Key of at most 255 characters.")
    asked = f"{request.path} {json.dumps(request.get_json(silent=True), sort_keys=True)}"
    known = books().claim_key(key, asked)
    if known is None:
        try:
            status, body = act()
        except BaseException:
            books().forget_key(key)
            raise
        if status == 400:
            books().forget_key(key)  # nothing was done, so the same key may carry the corrected request
        else:
            books().keep_answer(key, status, body)
        return faults.lose_answer(books(), lose, _json(status, body))
    if known["request"] != asked:
        return _error(400, "idempotency_mismatch", "This key was used with other parameters.")
    if known["status"] is None:
        return _error(409, "idempotency_key_in_use", "A request with this key is still running.")
    answer = _json(known["status"], json.loads(known["body"]))
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _shown(row: dict[str, Any] | None, what: str) -> ResponseReturnValue:
    if row is None:
        return _error(404, "resource_missing", f"No such {what}.")
    return faults.lose_answer(books(), "lose_read", jsonify(row))


def _listed(read: Callable[[int], list[dict[str, Any]]]) -> ResponseReturnValue:
    """One page of a list, and whether there is more."""
    limit = min(max(request.args.get("limit", 20, int), 1), 100)
    rows = read(limit + 1)
    page = jsonify(object="list", data=rows[:limit], has_more=len(rows) > limit)
    return faults.lose_answer(books(), "lose_read", page)


def _problem(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _error(status: int, code: str, message: str) -> Response:
    return _json(status, _problem(code, message))


def _json(status: int, body: dict[str, Any]) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    return answer
