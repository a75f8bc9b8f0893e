"""Whether the program lives (/healthz), can work (/readyz) and how it fares (/metrics)."""

import hmac
import ipaddress
import os

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from backoffice.cases.models import Case, CaseState
from backoffice.core import clock, units
from backoffice.core.db import session
from backoffice.core.ports import settings
from backoffice.entities.models import Entity
from backoffice.payments.models import Payment, PaymentState
from backoffice.tasks.models import Task, TaskState

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when a table can be read: connecting alone proves little, a cut-off cluster node still connects."""
    try:
        with units.read():
            session.execute(select(Entity.id).limit(1)).first()
    except SQLAlchemyError:
        return jsonify(status="the database cannot be read"), 503
    return jsonify(status="ok")


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """For the monitoring system: from this machine, or with the bearer token METRICS_TOKEN."""
    if not _may_read_metrics():
        abort(404)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry = REGISTRY
    return Response(generate_latest(registry) + generate_latest(_waiting()), mimetype=CONTENT_TYPE_LATEST)


def _may_read_metrics() -> bool:
    token = settings().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token:
        return hmac.compare_digest(token.encode(), given.encode())
    return ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104


def _waiting() -> CollectorRegistry:
    """What waits in the database, counted at the time of asking, through indexes."""
    registry = CollectorRegistry()
    with units.read():
        counts = {
            "counterfoil_tasks_due": select(func.count()).where(
                Task.state == TaskState.WAITING, Task.due_at <= clock.now()
            ),
            "counterfoil_tasks_given_up": select(func.count()).where(Task.state == TaskState.GAVE_UP),
            "counterfoil_cases_open": select(func.count()).where(Case.state == CaseState.OPEN),
            "counterfoil_payments_unknown": select(func.count()).where(Payment.state == PaymentState.UNKNOWN),
        }
        for name, query in counts.items():
            Gauge(name, "Rows in this state now.", registry=registry).set(session.scalar(query) or 0)
    return registry
