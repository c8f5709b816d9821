"""Money and where it came from, in words."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from catalogue.fees import yen

register = template.Library()


@register.filter
def in_yen(amount: int) -> str:
    """``1,620円`` or ``¥1,620``."""
    return yen(amount)


@register.filter
def source_name(source: str) -> str:
    """By what way a payment came: bank, counter, waived, or a provider of cards."""
    return {
        "bank": _("Bank"),
        "counter": _("Counter"),
        "waiver": _("Waived"),
        "moved": _("From another fee"),
    }.get(source, _("Card (%(provider)s)") % {"provider": source})
