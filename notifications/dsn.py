"""Reading delivery status notifications (RFC 3464), which anybody may send.

Nothing of a report is believed but which mail it speaks of, and whether that failed for good or for
now. Sizes, parts and recipients are bounded; what cannot be read is refused, never half read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser, HeaderParser
from typing import Literal

from notifications import returns
from notifications.returns import Mark

LARGEST = 512 * 1024
MOST_PARTS = 40
MOST_RECIPIENTS = 20
_LARGEST_HEADERS = 64 * 1024

#: RFC 3463: class, subject, detail.
_STATUS = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_MESSAGE_ID = re.compile(r"<[0-9a-f-]{36}@[0-9a-z.-]{1,190}>")

Verdict = Literal["permanent", "soft"]


class NoReport(ValueError):
    """This is no report of a failed delivery; the message says in a word why."""


@dataclass(frozen=True, slots=True)
class Report:
    """Which mail did not arrive. At least one of `message_id` and `mark` is there."""

    verdict: Verdict
    message_id: str
    mark: Mark | None


def read(raw: bytes, *, envelope_to: str = "") -> Report:
    """The report in a mail. `envelope_to`: the address that the mail server took it for.

    Raises `NoReport`.
    """
    if len(raw) > LARGEST:
        raise NoReport("too large")
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(raw)
        return _read(message, envelope_to)
    except NoReport:
        raise
    # The standard library's parser stumbles over some of what strangers write.
    except (
        ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError,
    ):  # fmt: skip
        raise NoReport("cannot be read") from None


def _read(message: Message, envelope_to: str) -> Report:
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        raise NoReport("no report")
    parts = _parts(message)
    status = next(
        (part for part in parts if part.get_content_type() == "message/delivery-status"), None
    )
    if status is None or not isinstance(status.get_payload(), list):
        raise NoReport("no delivery status")
    verdict = _verdict(status)
    if verdict is None:
        raise NoReport("nothing failed")
    message_id = _message_id(parts)
    addressed = " ".join(
        [envelope_to, *(str(message.get(name, "")) for name in ("To", "Delivered-To"))]
    )
    mark = returns.mark_in(addressed)
    if not message_id and mark is None:
        raise NoReport("about an unknown mail")
    return Report(verdict, message_id, mark)


def _parts(message: Message) -> list[Message]:
    """The report's own parts: what is nested deeper belongs to the mail that came back."""
    parts = message.get_payload()
    if not isinstance(parts, list) or len(parts) > MOST_PARTS:
        raise NoReport("too many parts")
    return [part for part in parts if isinstance(part, Message)]


def _verdict(status: Message) -> Verdict | None:
    """Our mails have one recipient; among several the first that failed counts."""
    blocks = status.get_payload()
    if not isinstance(blocks, list) or len(blocks) > MOST_RECIPIENTS + 1:
        raise NoReport("too many recipients")
    for block in blocks[1:]:
        if not isinstance(block, Message):
            continue
        if str(block.get("Action", "")).strip().lower() != "failed":
            continue
        found = _STATUS.match(str(block.get("Status", "")))
        if found is None or found[1] == "2":
            return "soft"
        # 5.2.2 is a full mailbox: that ends.
        full = found.groups() == ("5", "2", "2")
        return "permanent" if found[1] == "5" and not full else "soft"
    return None


def _message_id(parts: list[Message]) -> str:
    for part in parts:
        kind = part.get_content_type()
        headers: Message | None = None
        if kind in {"message/rfc822", "message/rfc822-headers"}:
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                headers = inner[0]
        elif kind == "text/rfc822-headers":
            raw = part.get_payload(decode=True)
            if isinstance(raw, bytes):
                text = raw[:_LARGEST_HEADERS].decode("ascii", "replace")
                headers = HeaderParser(policy=policy.compat32).parsestr(text, headersonly=True)
        if headers is not None:
            found = _MESSAGE_ID.fullmatch(str(headers.get("Message-ID", "")).strip())
            if found:
                return found[0]
    return ""
