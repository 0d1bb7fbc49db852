"""One conversation with the mail server, step by step, so that it is known whether a mail may have left."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPResponseException,
)

from connectors.errors import BadCredentials, ConnectorError, Unavailable
from connectors.mail.config import MailConfig

_TEMPORARY: Final = range(400, 500)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's no to one message or one reader: the code alone, for its text may name people."""

    code: int

    @property
    def for_now(self) -> bool:
        """Whether it may be tried again (RFC 5321, 4yz)."""
        return self.code in _TEMPORARY


class AnswerLost(Exception):
    """The message may have been taken, and its answer is lost."""


async def deliver(config: MailConfig, sender: str, to: str, mail: bytes) -> Refusal | None:
    """Hand one mail to the server; None where it took it. Opens one connection, to this server only.

    Raises Unavailable, BadCredentials or ConnectorError where surely nothing was taken, else AnswerLost.
    """
    server = SMTP(
        hostname=config.host,
        port=config.port,
        timeout=config.timeout_seconds,
        use_tls=config.tls == "tls",
        start_tls=False,
        tls_context=_trust(config),
    )
    try:
        await _open(server, config)
        refused = await _address(server, sender, to)
        return refused if refused is not None else await _hand_over(server, mail)
    finally:
        await _hang_up(server)


def _trust(config: MailConfig) -> ssl.SSLContext | None:
    if config.tls == "none":
        return None
    return ssl.create_default_context(cafile=str(config.ca_file) if config.ca_file else None)


async def _open(server: SMTP, config: MailConfig) -> None:
    where = f"{config.instance}: the mail server {config.host}:{config.port}"
    try:
        await server.connect()
        if config.tls == "starttls":
            await _encrypt(server)
        if config.username is not None:
            await server.login(config.username, config.password or "")
    except SMTPAuthenticationError as error:
        raise _credentials(where, error) from None
    except SMTPNotSupported:
        raise ConnectorError(
            f"{where} offers no STARTTLS, or no way to sign in that is known here; set BAWAB_SMTP__TLS=tls, "
            "or none for a server on this machine"
        ) from None
    except (SMTPException, OSError, ValueError) as error:
        if isinstance(error, ssl.SSLCertVerificationError) or isinstance(
            error.__cause__, ssl.SSLCertVerificationError
        ):
            raise ConnectorError(
                f"{where} shows a certificate nobody here trusts; give the company's own authority as "
                "BAWAB_SMTP__CA_FILE"
            ) from None
        raise Unavailable(f"{where} does not answer ({type(error).__name__}); nothing was sent") from None


async def _encrypt(server: SMTP) -> None:
    await server.ehlo()
    if not server.supports_extension("starttls"):
        raise SMTPNotSupported("STARTTLS")
    await server.starttls()


def _credentials(where: str, error: SMTPAuthenticationError) -> ConnectorError:
    if error.code in _TEMPORARY:
        return Unavailable(f"{where} cannot check who signs in now ({error.code}); nothing was sent")
    return BadCredentials(f"{where} refuses the name or the password ({error.code}); nothing was sent")


async def _address(server: SMTP, sender: str, to: str) -> Refusal | None:
    try:
        await server.mail(sender)
    except SMTPResponseException as error:
        if error.code in _TEMPORARY:
            return Refusal(error.code)
        raise ConnectorError(
            f"the mail server does not let {sender} send ({error.code}); set BAWAB_SMTP__SENDER to an "
            "address it lets send"
        ) from None
    except (SMTPException, OSError) as error:
        raise Unavailable(f"the mail server went away ({type(error).__name__}); nothing was sent") from None
    try:
        await server.rcpt(to)
    except SMTPResponseException as error:
        return Refusal(error.code)
    except (SMTPException, OSError) as error:
        raise Unavailable(f"the mail server went away ({type(error).__name__}); nothing was sent") from None
    return None


async def _hand_over(server: SMTP, mail: bytes) -> Refusal | None:
    try:
        await server.data(mail)
    except SMTPResponseException as error:
        if error.code >= _TEMPORARY.start:
            return Refusal(error.code)
        raise AnswerLost(
            f"the mail server answered the message with {error.code}, which says nothing"
        ) from None
    except (SMTPException, OSError) as error:
        raise AnswerLost(f"the mail server went away over the message ({type(error).__name__})") from None
    return None


async def _hang_up(server: SMTP) -> None:
    try:
        if server.is_connected:
            await server.quit()
    except (SMTPException, OSError):
        server.close()  # it has taken, or refused, what there was: a goodbye says nothing more
