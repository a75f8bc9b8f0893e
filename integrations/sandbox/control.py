"""The control page and its API: provoke every trouble, look at the books."""

import sqlite3

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from integrations.sandbox import faults, takeover
from integrations.sandbox.api import books
from integrations.sandbox.balance import AVAILABLE_AFTER
from integrations.sandbox.disputes import NotDisputable
from integrations.sandbox.pages import amount
from integrations.sandbox.refunds import NotRefundable

control = Blueprint("control", __name__, url_prefix="/control")


@control.before_request
def same_site() -> None:
    """A page of another origin must not press these buttons."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)


@control.get("/")
def page() -> ResponseReturnValue:
    return render_template(
        "control.html",
        state=faults.state(books()),
        counters=faults.COUNTERS,
        declines=faults.DECLINES,
        refunds=faults.REFUNDS,
        webhooks=faults.WEBHOOKS,
        payout_times=faults.PAYOUTS,
        disputes=books().disputes.all(),
        payouts=books().balance.payouts()[-10:][::-1],
        payments=books().payments(limit=20),
        deliveries=books().recent_deliveries(),
        amount=amount,
    )


@control.post("/")
def change() -> ResponseReturnValue:
    try:
        faults.change(books(), {"outage": "off", **request.form.to_dict()})
    except ValueError:
        abort(400)
    return redirect("/control/", 303)


@control.post("/reset")
def reset() -> ResponseReturnValue:
    faults.reset(books())
    return redirect("/control/", 303)


@control.post("/payments/<payment>")
def move(payment: str) -> ResponseReturnValue:
    """Change a payment behind everybody's back: expire its page, capture it, or capture another amount."""
    row = books().get(payment) or abort(404)
    what = request.form.get("what")
    if what == "expire":
        books().expire(payment)
    elif what == "capture":
        books().force_capture(payment, row["amount"])
    elif what == "capture_less":
        books().force_capture(payment, row["amount"] - 100)
    elif what == "refund":
        _refund_elsewhere(payment, row["captured"] - row["refunded"])
    elif what == "refund_one":
        _refund_elsewhere(payment, 100)
    elif what == "warn":
        _warn(payment)
    elif what in ("dispute", "inquiry"):
        _dispute(payment, inquiry=what == "inquiry")
    elif what == "resend":
        for event in books().events():
            about = event["data"]["object"]
            if payment in (about["id"], about.get("payment")):
                books().deliver(event["id"], books().clock())
    else:
        abort(400)
    return redirect("/control/", 303)


def _refund_elsewhere(payment: str, amount: int) -> None:
    """As the merchant would in the provider's own dashboard: the shop hears of it afterwards."""
    try:
        books().refunds.create(payment, amount, reason="requested_by_customer")
    except (NotRefundable, sqlite3.IntegrityError):
        abort(400)


def _warn(payment: str) -> None:
    try:
        books().disputes.warn(payment)
    except (NotDisputable, NotRefundable):
        abort(400)


def _dispute(payment: str, *, inquiry: bool) -> None:
    try:
        books().disputes.open(payment, inquiry=inquiry)
    except (NotDisputable, NotRefundable):
        abort(400)


@control.post("/disputes/<dispute>")
def decide(dispute: str) -> ResponseReturnValue:
    """What the customer's bank decides."""
    what = request.form.get("what", "")
    if books().disputes.get(dispute) is None:
        abort(404)
    if what == "escalate":
        books().disputes.escalate(dispute)
    elif what in ("won", "lost", "closed"):
        books().disputes.close(dispute, what)
    else:
        abort(400)
    return redirect("/control/", 303)


@control.post("/payouts")
def pay_out() -> ResponseReturnValue:
    """Pay out everything, also what would not be available yet."""
    books().balance.pay_out(books().clock() + AVAILABLE_AFTER)
    return redirect("/control/", 303)


@control.post("/payouts/<payout>/fail")
def fail_payout(payout: str) -> ResponseReturnValue:
    if books().balance.payout(payout) is None:
        abort(404)
    books().balance.fail_payout(payout)
    return redirect("/control/", 303)


@control.post("/history")
def take_over() -> ResponseReturnValue:
    """Payments from before this provider was there."""
    try:
        new = takeover.take_over(books(), request.get_json()["payments"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return jsonify(error={"code": "parameter_invalid", "message": str(error)}), 400
    return jsonify(new=new)


@control.post("/history/payouts")
def pay_out_history() -> ResponseReturnValue:
    return jsonify(made=takeover.pay_out_days(books()))


@control.get("/api/faults")
def read_faults() -> ResponseReturnValue:
    return jsonify(faults.state(books()))


@control.put("/api/faults")
def put_faults() -> ResponseReturnValue:
    try:
        faults.change(books(), request.get_json(force=True))
    except (ValueError, TypeError) as error:
        return jsonify(error={"code": "parameter_invalid", "message": str(error)}), 400
    return jsonify(faults.state(books()))
