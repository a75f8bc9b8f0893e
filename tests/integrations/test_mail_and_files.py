"""The small ports: mail (folder and SMTP pass the same contract) and files."""

import hashlib
import socketserver
import threading
from email import message_from_bytes, policy

import pytest

from integrations.files.folder import FolderStore
from integrations.files.port import MissingFile
from integrations.mail.folder import FolderMail
from integrations.mail.port import Attachment, MailUnavailable, Message
from integrations.mail.smtp import SmtpMail

MESSAGE = Message(
    "mai_1", "Plumb & Level <shop@plumb.example>", "ada@example.org", "Grüße", "Text", "<p>HTML</p>",
    (Attachment("a.pdf", "application/pdf", b"%PDF"),),
)  # fmt: skip


class SmtpServer(socketserver.ThreadingTCPServer):
    """Just enough SMTP to receive one mail at a time."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        self.received = []
        super().__init__(("127.0.0.1", 0), SmtpHandler)


class SmtpHandler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part
                self.server.received.append(body)
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def smtp():
    server = SmtpServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["folder", "smtp"])
def delivery(request, tmp_path, smtp):
    """An adapter, and how to read what it delivered."""
    if request.param == "folder":
        return FolderMail(tmp_path / "mail"), lambda: [p.read_bytes() for p in (tmp_path / "mail").glob("*.eml")]
    return SmtpMail(f"smtp://127.0.0.1:{smtp.server_address[1]}"), lambda: smtp.received


def test_a_message_arrives_whole(delivery):
    port, delivered = delivery
    port.send(MESSAGE)
    mail = message_from_bytes(delivered()[0], policy=policy.default)
    assert (mail["To"], mail["Subject"], mail["Message-ID"]) == ("ada@example.org", "Grüße", "<mai_1@plumb.example>")
    assert mail.get_body(("plain",)).get_content().strip() == "Text"
    assert mail.get_body(("html",)).get_content().strip() == "<p>HTML</p>"
    assert [item.get_content() for item in mail.iter_attachments()] == [b"%PDF"]


@pytest.mark.parametrize("field", ["to", "subject"])
def test_a_line_break_cannot_smuggle_in_a_header(delivery, field):
    port, delivered = delivery
    values = {name: getattr(MESSAGE, name) for name in MESSAGE.__slots__}
    with pytest.raises(Exception, match=r"(?i)line|newline|CR|linefeed|header|parse|address"):
        port.send(Message(**{**values, field: "x@example.org\r\nBcc: all@example.org"}))
    assert delivered() == []


def test_a_silent_server_is_unavailable_and_can_be_tried_again():
    with pytest.raises(MailUnavailable):
        SmtpMail("smtp://127.0.0.1:9").send(MESSAGE)


def test_credentials_are_never_sent_in_clear(smtp):
    with pytest.raises(MailUnavailable):
        SmtpMail(f"smtp://user:secret@127.0.0.1:{smtp.server_address[1]}").send(MESSAGE)


def test_the_same_message_sent_again_shows_once(tmp_path):
    port = FolderMail(tmp_path)
    port.send(MESSAGE)
    port.send(MESSAGE)
    assert len(list(tmp_path.iterdir())) == 1


def test_files_are_kept_under_their_hash_and_checked(tmp_path):
    store = FolderStore(tmp_path)
    sha256 = store.put(b"content")
    assert sha256 == hashlib.sha256(b"content").hexdigest() == store.put(b"content")
    assert store.get(sha256) == b"content"
    next(tmp_path.rglob(sha256)).write_bytes(b"changed")
    with pytest.raises(MissingFile):
        store.get(sha256)
    with pytest.raises(MissingFile):
        store.get("0" * 64)
