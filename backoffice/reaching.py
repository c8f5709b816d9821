"""Whether what the office writes reaches the resident, in words for those who write it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases import mailing
from cases.models import Case
from notifications.addresses import Mailing


@dataclass(frozen=True, slots=True)
class Reach:
    """How a resident is told: by mail or not, and where they read what it is about."""

    mailing: Mailing
    has_account: bool
    #: Sent without signing in: the links of our mails open it.
    by_link: bool

    @property
    def is_sure(self) -> bool:
        """Whether they can read it at all without a letter or a call."""
        return self.has_account or (self.by_link and not self.mailing.reason)

    @property
    def in_words(self) -> str:
        if self.has_account:
            where = _("They read it in their online account.")
        elif self.is_sure:
            where = _("They have no account; the link in the mail opens the application.")
        else:
            where = _("They have no account to read it in: please call, or write by post.")
        return f"{self.mailing.in_words} {where}"


def of(case: Case) -> Reach:
    """Two statements; one more for what was entered at the counter."""
    by_link = case.is_guests
    helped = case.application.helped is not None
    return Reach(
        mailing=mailing.of_case(case),
        has_account=not by_link and (not helped or hasattr(case.resident, "eid")),
        by_link=by_link,
    )
