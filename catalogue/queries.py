"""Reading what a municipality offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from catalogue import overlay
from catalogue.fees import Fee
from catalogue.models import Offering
from common import kept
from common.lookup import Lookup


def published() -> QuerySet[Offering]:
    """Offerings that residents can apply for."""
    return Offering.objects.filter(is_published=True)


_published: Lookup[Offering] = Lookup(lambda slug: published().filter(slug=slug), slug=str)


def published_one(slug: str) -> Offering | None:
    """The offering that residents can apply for at this address."""
    return _published.one(slug=slug)


def offered(slug: str) -> Offering | None:
    """As `published_one`, for a page: what was true seconds ago (`common.kept`), mostly without
    asking the database. What is done for good asks `published_one`."""
    return _offered().get(slug)


def offered_of(templates: Collection[str]) -> dict[str, Offering]:
    """What is offered of these service templates, by template, as old as `offered`."""
    return {one.template_key: one for one in _offered().values() if one.template_key in templates}


def _offered() -> dict[str, Offering]:
    # All at once: what is kept must not grow with the addresses that somebody makes up.
    found: dict[str, Offering] = kept.for_a_moment(
        "catalogue.offered", lambda: {one.slug: one for one in published()}
    )
    return found


def forget_offered() -> None:
    """After an offering was written: this process shows it once that is certain, others soon."""
    transaction.on_commit(kept.forget)


def fee_of(
    offering: Offering,
    form: Any,
    answers: Mapping[str, Any],
    terms: Mapping[str, Any] | None = None,
) -> Fee:
    """The fee for `answers`: by today's amounts, or by the `terms` of an application."""
    schedule = offering.fees if terms is None else overlay.fees_by_terms(offering.template, terms)
    return schedule.fee(form, answers)


def fee_terms(offering: Offering) -> dict[str, Any]:
    """What an application keeps beside its fee (`fee_of`)."""
    return overlay.fee_terms(offering.fees)
