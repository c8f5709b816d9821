"""Work at the desks of the demo, so that there is something to see at once."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from cases.reports import counting
from catalogue.models import Offering
from identity.models import User
from sandbox.examples import behalf, desk, fees, letters
from sandbox.examples.applying import SERVICE
from tenants import context
from tenants.models import Municipality

#: The town that has it.
TOWN = "shiomi"
#: The town that has posted letters to be confirmed.
LETTERS_TOWN = "wakabadai"


def seed() -> None:
    """Make it, once; nothing where the town, its service or its staff are missing."""
    _in_town(TOWN, SERVICE, _desks)
    _in_town(LETTERS_TOWN, letters.SERVICE, letters.seed)


def _in_town(name: str, service: str, work: Callable[[Offering, User], None]) -> None:
    with context.public():
        town = Municipality.objects.filter(schema_name=name).first()
    if town is None:
        return
    with context.municipality(town), transaction.atomic():
        offering = Offering.objects.filter(template_key=service).first()
        lead = User.objects.filter(username="admin").first()
        if offering is not None and lead is not None:
            work(offering, lead)


def _desks(offering: Offering, lead: User) -> None:
    worker = User.objects.filter(username="yamamoto").first()
    if worker is None:
        return
    fees.seed(offering, worker)
    desk.seed(offering, worker, lead)
    behalf.seed(offering)
    counting.count()
