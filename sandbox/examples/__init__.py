"""Work at the desks of the demo, so that there is something to see at once."""

from __future__ import annotations

from django.db import transaction

from cases.reports import counting
from catalogue.models import Offering
from identity.models import User
from sandbox.examples import behalf, desk, fees
from sandbox.examples.applying import SERVICE
from tenants import context
from tenants.models import Municipality

#: The town that has it.
TOWN = "shiomi"


def seed() -> None:
    """Make it, once; nothing where the town, its service or its staff are missing."""
    with context.public():
        town = Municipality.objects.filter(schema_name=TOWN).first()
    if town is None:
        return
    with context.municipality(town), transaction.atomic():
        offering = Offering.objects.filter(template_key=SERVICE).first()
        worker = User.objects.filter(username="yamamoto").first()
        lead = User.objects.filter(username="admin").first()
        if offering is None or worker is None or lead is None:
            return
        fees.seed(offering, worker)
        desk.seed(offering, worker, lead)
        behalf.seed(offering)
        counting.count()
