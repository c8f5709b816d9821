"""An e-mail backend that keeps each message as a file, for the demo's mail page."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Writes ``<name>.eml`` into ``SANDBOX_MAIL_DIR``, whole or not at all.

    The name follows from the Message-ID: a mail that is sent again after a crash replaces the
    first, as a mail program would show it once.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = 0
        for email in email_messages:
            if not email.recipients():
                continue
            try:
                _keep(email)
            except OSError:
                if not self.fail_silently:
                    raise
            else:
                sent += 1
        return sent


def folder() -> Path:
    """Where the messages are; made when it is missing."""
    path = Path(settings.SANDBOX_MAIL_DIR)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _keep(email: EmailMessage) -> None:
    message = email.message()
    name = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:32]
    target = folder()
    handle, part = tempfile.mkstemp(dir=target, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes())
        Path(part).replace(target / f"{name}.eml")
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise
