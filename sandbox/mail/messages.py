"""Reading the kept messages."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

from sandbox.mail.backend import folder

NAME = re.compile(r"[0-9a-f]{32}")
SHOWN = 100


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One message as the page shows it."""

    name: str
    sender: str
    recipient: str
    subject: str
    sent_at: datetime | None
    text: str
    html: str


def newest() -> list[KeptMail]:
    """The latest messages, newest first."""
    files = sorted(folder().glob("*.eml"), key=_written, reverse=True)
    return [mail for file in files[:SHOWN] if (mail := _parsed(file))]


def by_name(name: str) -> KeptMail | None:
    """One message; None when there is no such file."""
    return _parsed(folder() / f"{name}.eml") if NAME.fullmatch(name) else None


def _written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _parsed(file: Path) -> KeptMail | None:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    message = email.message_from_bytes(content, policy=email.policy.default)
    return KeptMail(
        name=file.stem,
        sender=_who(message, "From", prefer_name=True),
        recipient=_who(message, "To", prefer_name=False),
        subject=str(message["Subject"] or ""),
        sent_at=_sent_at(message),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _sent_at(message: EmailMessage) -> datetime | None:
    sent = getattr(message["Date"], "datetime", None)
    if not isinstance(sent, datetime):
        return None
    # Mail writes UTC without saying where it was sent from as "-0000", which is read as no zone.
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)


def _who(message: EmailMessage, header: str, *, prefer_name: bool) -> str:
    people = getaddresses([str(message[header] or "")])
    return ", ".join((prefer_name and name) or address for name, address in people)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
