"""The days on which the town's offices are closed besides weekends and holidays."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases.models import ClosingDay
from common.actor import Actor
from common.calendar import is_working_day
from common.errors import InvalidInput, NotAllowed
from identity.models import User
from identity.roles import Role, has_role

#: How far ahead a day can be entered.
FURTHEST = timedelta(days=3 * 366)


@transaction.atomic
def add(*, day: str, reason: str, by: User) -> ClosingDay:
    """Enter a day (ISO). Raises `NotAllowed`, `InvalidInput` (`day`, `reason`)."""
    _check(by)
    errors: dict[str, list[str]] = {}
    found, reason = _date(day), reason.strip()
    today = timezone.localdate()
    if found is None:
        errors["day"] = [_("Write a date, for example 2026-08-14.")]
    elif not today <= found <= today + FURTHEST:
        errors["day"] = [_("The day must lie between today and three years from now.")]
    elif not is_working_day(found):
        errors["day"] = [_("The offices are closed on this day anyway.")]
    elif ClosingDay.objects.filter(day=found).exists():
        errors["day"] = [_("This day is entered already.")]
    if not reason or len(reason) > 100:
        errors["reason"] = [_("Write why, in at most 100 characters.")]
    if errors or found is None:
        raise InvalidInput(errors, _("Some answers are missing or need another look."))
    made, is_new = ClosingDay.objects.get_or_create(
        day=found, defaults={"reason": reason, "entered_by": by}
    )
    if is_new:
        _note("closing_day.added", made, by)
    return made


@transaction.atomic
def remove(*, closing_day_id: str, by: User) -> None:
    """Take a day out again; one that is gone already is no error. Raises `NotAllowed`."""
    _check(by)
    if not (closing_day_id.isascii() and closing_day_id.isdigit() and len(closing_day_id) < 10):
        return
    found = ClosingDay.objects.select_for_update().filter(pk=int(closing_day_id)).first()
    if found is not None:
        _note("closing_day.removed", found, by)
        found.delete()


def _check(by: User) -> None:
    if not has_role(by, Role.ADMIN):
        raise NotAllowed(_("This is for administrators."), code="role")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _note(event: str, row: ClosingDay, by: User) -> None:
    ledger.record(
        event=event,
        by=Actor.of(by),
        object_kind="closing_day",
        object_id=str(row.pk),
        data={"day": row.day.isoformat()},
    )
