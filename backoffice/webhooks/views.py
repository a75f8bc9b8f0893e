"""The HTTP face of the inbox."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from backoffice.webhooks import service as webhooks

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@blueprint.post("/<provider>")
def receive(provider: str) -> Response:
    request.max_content_length = webhooks.LARGEST
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return Response(status=413)
    return Response(status=webhooks.receive(provider, raw, dict(request.headers)))
