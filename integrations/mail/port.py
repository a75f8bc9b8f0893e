"""The mail port: one message, text and HTML, with attachments."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """``message_id`` is stable over retries, so that a second delivery can be recognised."""

    message_id: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


class MailUnavailable(Exception):
    """Not accepted now; the same message may be sent again later."""


class MailPort(Protocol):
    def send(self, message: Message) -> None:
        """Hand one message over. Raises MailUnavailable; a repeated message_id may arrive twice."""
        ...


def compose(message: Message) -> EmailMessage:
    """The message as RFC 5322 wants it; header injection is impossible because EmailMessage refuses line breaks."""
    mail = EmailMessage()
    name, address = parseaddr(message.sender)
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = Address(addr_spec=message.to)
    mail["Subject"] = message.subject
    mail["Message-ID"] = f"<{message.message_id}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    for item in message.attachments:
        main, _, sub = item.media_type.partition("/")
        mail.add_attachment(item.content, maintype=main, subtype=sub, filename=item.name)
    return mail
