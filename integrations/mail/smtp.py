"""Mail adapter for SMTP with STARTTLS (or TLS from the start with smtps://)."""

import smtplib
import ssl
from urllib.parse import unquote, urlsplit

from integrations.mail.port import MailUnavailable, Message, compose

TIMEOUT = 20  # seconds


class SmtpMail:
    """``smtp://user:password@host:587`` upgrades with STARTTLS where offered; ``smtps://host:465`` is TLS from the start."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def send(self, message: Message) -> None:
        try:
            with self._connect() as server:
                if self._url.username:
                    server.login(unquote(self._url.username), unquote(self._url.password or ""))
                server.send_message(compose(message))
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnavailable(type(error).__name__) from error

    def _connect(self) -> smtplib.SMTP:
        host = self._url.hostname or "localhost"
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, self._url.port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
        server = smtplib.SMTP(host, self._url.port or 587, timeout=TIMEOUT)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        elif self._url.username:
            server.close()
            raise smtplib.SMTPNotSupportedError("the server offers no STARTTLS; credentials are not sent in clear")
        return server
