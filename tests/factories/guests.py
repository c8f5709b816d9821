"""Somebody who fills in without having signed in, in the town that is active."""

from __future__ import annotations

from cases import links, resuming
from cases.links import Purpose
from catalogue.models import Offering
from forms import guests
from forms.guests import Guest
from forms.models import Draft, ResumeLink

ADDRESS = "guest@example.jp"


def guest(name: str = "a browser") -> Guest:
    return Guest.of(name)


def draft(of: Offering, whose: Guest | None = None) -> Draft:
    """What a guest has begun."""
    return guests.begin(guest=whose or guest(), version=of.form_version, subject=of.slug)


def token_of(link: ResumeLink) -> str:
    """What the mail holds."""
    return links.token_of(Purpose.RESUME, link.pk, link.token_hash)


def resume_link(of: Offering) -> str:
    """The token of a link that works."""
    begun = draft(of)
    link = resuming.ask(draft=begun, guest=Guest(begun.guest), address=ADDRESS, language="ja")
    return token_of(link)
