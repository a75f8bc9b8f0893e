"""The development mailbox: a page that shows the mails of the folder adapter. Never served in production."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Blueprint, Response, abort, render_template

SHOWN = 100


def mailbox_blueprint(folder: Path) -> Blueprint:
    """A blueprint at ``/dev/mail`` over one folder of ``.eml`` files."""
    blueprint = Blueprint("mailbox", __name__, url_prefix="/dev/mail", template_folder="templates")

    def read(name: str) -> EmailMessage:
        path = folder / f"{name}.eml"
        if path.parent != folder or not path.is_file():
            abort(404)
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    @blueprint.get("/")
    def index() -> str:
        paths = sorted(folder.glob("[!.]*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)[:SHOWN]
        return render_template("mailbox/index.html", mails=[(path.stem, read(path.stem)) for path in paths])

    @blueprint.get("/<name>")
    def show(name: str) -> str:
        mail = read(name)
        text = mail.get_body(("plain",))
        attachments = [item.get_filename() for item in mail.iter_attachments()]
        return render_template(
            "mailbox/show.html", name=name, mail=mail, text=text.get_content() if text else "", attachments=attachments
        )

    @blueprint.get("/<name>/html")
    def html(name: str) -> Response:
        body = read(name).get_body(("html",))
        answer = Response(body.get_content() if body else "", mimetype="text/html")
        # A mail carries its styles inline, as mail programs want it; this page runs nothing and loads nothing.
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
        )
        return answer

    @blueprint.get("/<name>/<int:position>")
    def attachment(name: str, position: int) -> Response:
        items = list(read(name).iter_attachments())
        if position >= len(items):
            abort(404)
        content = items[position].get_content()
        return Response(content, mimetype=items[position].get_content_type())

    return blueprint
