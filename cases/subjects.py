"""Whom a case is about: whoever sent it, and the represented, where they have an account here."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cases.models import Case
from identity.models import Representation


def of(case: Case) -> list[str]:
    """The residents in whose "My data" stands what is done with the case, the sender first."""
    return [about for about, _case in of_each([case])]


def of_each(cases: Iterable[Case]) -> list[tuple[str, str]]:
    """Pairs of a resident and a case, as `audit.ledger.record_each` takes them.

    One statement, none where nobody was represented or helped.
    """
    known = list(cases)
    accounts = _accounts({pk for case in known for pk in _grounds(case)})
    return [
        (str(about), str(case.pk))
        for case in known
        for about in dict.fromkeys(
            [case.resident_id, *(accounts[pk] for pk in _grounds(case) if pk in accounts)]
        )
    ]


def _grounds(case: Case) -> list[UUID]:
    """The representations on which it was sent: acting for another, help at the counter, both."""
    sent = case.application
    return [pk for pk in (sent.representation_id, sent.on_behalf_id) if pk is not None]


def _accounts(ids: set[UUID]) -> dict[UUID, UUID]:
    if not ids:
        return {}
    known = Representation.objects.filter(pk__in=ids, person__isnull=False)
    return dict(known.values_list("pk", "person"))
