"""Who stands in for whom: an absent caseworker's cases belong to the substitute meanwhile, too."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cases.models_desk import Absence
from identity.models import User

_KEPT = "_stood_in_for_kept"


def stood_in_for(user: User) -> list[UUID]:
    """Ids of those whom the user stands in for today. One statement, once in a request."""
    kept: list[UUID] | None = getattr(user, _KEPT, None)
    if kept is None:
        today = timezone.localdate()
        kept = list(
            Absence.objects.filter(substitute=user, first__lte=today, last__gte=today)
            .order_by("absent")
            .values_list("absent", flat=True)
            .distinct()
        )
        setattr(user, _KEPT, kept)
    return kept


def of_today(people: Iterable[UUID]) -> dict[UUID, list[Absence]]:
    """Who of `people` is away today: their absences, the longest first. One statement."""
    today, found = timezone.localdate(), dict[UUID, list[Absence]]()
    for absence in (
        Absence.objects.select_related("absent", "substitute")
        .filter(absent__in=list(people), first__lte=today, last__gte=today)
        .order_by("-last", "id")
    ):
        found.setdefault(absence.absent_id, []).append(absence)
    return found


def in_words(absences: list[Absence]) -> str:
    """Until when somebody is away, and who has their cases meanwhile; nothing for no absence."""
    if not absences:
        return ""
    return _("%(name)s is away until %(day)s. %(substitute)s stands in.") % {
        "name": absences[0].absent.name,
        "day": date_format(absences[0].last),
        "substitute": ", ".join(dict.fromkeys(one.substitute.name for one in absences)),
    }


def forget(user: User) -> None:
    """Read it again next time, after it was changed within this request."""
    if hasattr(user, _KEPT):
        delattr(user, _KEPT)


def stands_in(user: User, absent_id: UUID | None) -> bool:
    """Whether the user stands in for whoever has this case today."""
    return absent_id is not None and absent_id in stood_in_for(user)
