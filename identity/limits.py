"""How often something may be done without signing in, by address of the network or by a word."""

from __future__ import annotations

from allauth.core import ratelimit
from django.http import HttpRequest

GUEST_DRAFT = "guest_draft"
GUEST_LINK = "guest_link"
GUEST_LINK_TO = "guest_link_to"
GUEST_CODE = "guest_code"
GUEST_CODE_TO = "guest_code_to"
CASE_LINK = "case_link"
CASE_LINK_TO = "case_link_to"
LETTER = "prepared_letter"
LETTER_NUMBER = "prepared_letter_number"


def allows(request: HttpRequest, action: str, *, key: str | None = None) -> bool:
    """Count one more; False when that is too many (``ACCOUNT_RATE_LIMITS``). Only a POST counts.

    Kept in the town's cache, `key` as a hash; without the cache nothing is counted.
    """
    return ratelimit.consume(request, action=action, key=key)
