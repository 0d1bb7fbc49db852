"""Mail as a way to people: one message, one reader, by the company's own mail server."""

from connectors.mail.config import MailConfig
from connectors.mail.connector import MailConnector

__all__ = ["MailConfig", "MailConnector"]
