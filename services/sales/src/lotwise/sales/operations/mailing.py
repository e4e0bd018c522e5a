"""The only home of mail that sales sends: one message over the SMTP server that the settings name."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import structlog

from lotwise.sales.domain.money_refusals import MailNotSent, MailNotSet

log = structlog.get_logger(__name__)
SECONDS = 10.0


class Mailer:
    """Sends mail over `smtp://`, `smtp+starttls://` or `smtps://`, perhaps with user and password in the address."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender

    @property
    def is_set(self) -> bool:
        """Whether there is a server and a sender."""
        return bool(self._url.hostname and self._sender)

    def check(self) -> None:
        """Pass when mail can be sent. Raises MailNotSet saying how."""
        if not self.is_set:
            raise MailNotSet(
                "no mail server is set",
                ways_out=("set SALES_SMTP_URL and SALES_MAIL_FROM", "print the receipt"),
            )

    async def send(self, to: str, subject: str, text: str, html: str) -> None:
        """Send a message within ten seconds. Raises MailNotSet, or MailNotSent when the server did not take it."""
        self.check()
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Date"], message["Message-ID"] = (
            formatdate(),
            make_msgid(domain=self._sender.rpartition("@")[2] or None),
        )
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        try:
            await asyncio.to_thread(self._deliver, message)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("a mail was not taken", error=type(error).__name__)
            raise MailNotSent(
                "the mail server did not take it", ways_out=("try again in a moment", "print the receipt")
            ) from None

    def _deliver(self, message: EmailMessage) -> None:
        url = self._url
        is_secure = url.scheme == "smtps"
        port = url.port or (465 if is_secure else 587 if "starttls" in url.scheme else 25)
        server: smtplib.SMTP = (
            smtplib.SMTP_SSL(url.hostname or "", port, timeout=SECONDS, context=ssl.create_default_context())
            if is_secure
            else smtplib.SMTP(url.hostname or "", port, timeout=SECONDS)
        )
        with server:
            if "starttls" in url.scheme:
                server.starttls(context=ssl.create_default_context())
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(message)
