"""Days, money and clocks in words, as a resident reads them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.template import Context
from django.utils import formats, timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import get_language

from cases.models import Case
from catalogue.fees import yen as yen_in_words
from common.calendar import wareki as era_date
from common.text import Text
from forms import unsent
from forms.models import Draft
from notifications.addresses import Mailing

register = template.Library()

_WEEKDAYS_JA = "月火水木金土日"


def _local_day(value: date | datetime) -> date:
    return timezone.localdate(value) if isinstance(value, datetime) else value


def _is_japanese() -> bool:
    return (get_language() or "ja").startswith("ja")


@register.simple_tag
def part_label(part: dict[str, Any]) -> str:
    """The name of a part that was refused, in the active language."""
    return str(Text(part["label"]))


@register.inclusion_tag("portal/_mailing.html", takes_context=True)
def where_mail_goes(context: Context, mailing: Mailing) -> dict[str, object]:
    """Where a mail about an application goes, or why none does and where to look instead. Whoever
    has an inbox here is led there."""
    request = context["request"]
    reader = ""  # a guest, or whoever helps somebody at the counter
    if getattr(request, "record", None) is not None:
        reader = "record"
    elif getattr(request, "helping", None) is None and request.user.is_authenticated:
        reader = "resident"
    return {"mailing": mailing, "reader": reader}


@register.filter
def link_kind(kind: str) -> str:
    """What an application is to the one that it follows: ``Renewal``."""
    return str(Case.Origin(kind).label)


@register.filter
def kept_until(draft: Draft) -> date:
    """The last day of a draft that nobody goes on with."""
    return unsent.kept_until(draft)


@register.filter
def plain_day(value: date | datetime | None) -> str:
    """``2026年12月2日``, ``2 December 2026``. Empty for no date."""
    if value is None:
        return ""
    on = _local_day(value)
    if _is_japanese():
        return f"{on.year}年{on.month}月{on.day}日"
    return formats.date_format(on, "j F Y")


@register.filter
def day(value: date | datetime | None) -> str:
    """``2026年12月2日（水）``, ``Wed 2 December 2026``. Empty for no date."""
    if value is None:
        return ""
    weekday = _local_day(value).weekday()
    if _is_japanese():
        return f"{plain_day(value)}（{_WEEKDAYS_JA[weekday]}）"
    return f"{WEEKDAYS_ABBR[weekday]} {plain_day(value)}"


@register.filter
def moment(value: datetime | None) -> str:
    """A day with the time: ``2026年12月2日（水）10:42``."""
    if value is None:
        return ""
    return f"{day(value)} {timezone.localtime(value):%H:%M}"


@register.filter
def clock_time(value: datetime) -> str:
    """``10:42``, and the day before it when that was not today."""
    local = timezone.localtime(value)
    if local.date() == timezone.localdate():
        return f"{local:%H:%M}"
    return moment(value)


@register.filter
def yen(amount: int) -> str:
    """``1,620円`` or ``¥1,620``."""
    return yen_in_words(amount)


@register.filter
def era(value: date | None) -> str:
    """A date by era for Japanese readers (``令和8年12月2日``); otherwise as `day`."""
    if value is None:
        return ""
    return era_date(value) if _is_japanese() else plain_day(value)
