"""Money and where it came from, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.fees import yen
from forms import display

register = template.Library()


@register.filter
def in_yen(amount: int) -> str:
    """``1,620円`` or ``¥1,620``."""
    return yen(amount)


@register.filter
def account_text(account: Mapping[str, str]) -> str:
    """A bank account in lines, with the names of bank and branch."""
    return display.account_text(account, get_language() or "ja")


@register.filter
def source_name(source: str) -> str:
    """By what way a payment came: bank, counter, waived, or a provider of cards."""
    return {
        "bank": _("Bank"),
        "counter": _("Counter"),
        "waiver": _("Waived"),
        "moved": _("From another fee"),
    }.get(source, _("Card (%(provider)s)") % {"provider": source})
