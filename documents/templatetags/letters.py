"""Filters for letters: ``{% load letters %}``."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils import translation
from django.utils.dateformat import format as format_date

from common.calendar import wareki
from documents.qr import svg_data_url

register = template.Library()


@register.filter
def letter_date(day: date | None) -> str:
    """A date as letters write it: 令和8年4月1日, or 1 April 2026."""
    if day is None:
        return ""
    if (translation.get_language() or "ja").startswith("ja"):
        return wareki(day)
    return format_date(day, "j F Y")


@register.filter
def yen(amount: int) -> str:
    """An amount: 1,460円, or ¥1,460."""
    if (translation.get_language() or "ja").startswith("ja"):
        return f"{amount:,}円"
    return f"¥{amount:,}"


@register.filter
def qr(text: str) -> str:
    """A QR code of `text` as an SVG data URL."""
    return svg_data_url(text)
