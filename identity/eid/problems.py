"""What can go wrong at an eID sign-in, and what the page says about it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

# No letters or digits that are mistaken for one another on the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Problem:
    """A page: what happened, how to go on, and whether trying again can help."""

    title: Any
    what: Any
    how: Any
    status: int = 400
    again: bool = True


_TRY_AGAIN = _("Please start the sign-in again. Nothing you had saved is lost.")
_NOT_YOURS = _(
    "You need not do anything about it. Please start the sign-in again; if it happens again, tell "
    "the municipality the reference number below."
)
_LATER = _("Please try again in a few minutes. Your saved application is not affected.")

PROBLEMS: dict[str, Problem] = {
    "cancelled": Problem(
        _("You cancelled the sign-in"),
        _("You are not signed in. Nothing was sent to the municipality."),
        _("You can start the sign-in again at any time."),
        status=200,
    ),
    "card_expired": Problem(
        _("The certificate on your card is no longer valid"),
        _(
            "The eID provider refused the sign-in because the electronic certificate on your card "
            "has expired or was revoked."
        ),
        _(
            "The certificate can be renewed at the counter of your municipality with the card and "
            "its PIN. Until then you can apply on paper at the counter."
        ),
        status=403,
        again=False,
    ),
    "state_unknown": Problem(
        _("This sign-in has ended or was already used"),
        _(
            "A sign-in must be finished in the same browser within 15 minutes, and its link works "
            "only once. This also happens with the back button or when cookies are blocked."
        ),
        _TRY_AGAIN,
    ),
    "provider_down": Problem(
        _("The eID service cannot be reached"),
        _("The eID service did not answer. You are not signed in."),
        _LATER,
    ),
    "provider_slow": Problem(
        _("The eID service took too long"),
        _("The eID service did not answer in time. You are not signed in."),
        _LATER,
    ),
    "provider_answer": Problem(
        _("The eID service gave an answer that cannot be used"),
        _("The answer of the eID service was incomplete. You are not signed in."),
        _LATER,
    ),
    "provider_refused": Problem(
        _("The eID service refused the sign-in"),
        _("The eID service ended the sign-in without confirming who you are."),
        _TRY_AGAIN,
    ),
    "code_refused": Problem(
        _("The sign-in took too long or was used twice"),
        _("The eID service no longer accepts the confirmation of this sign-in."),
        _TRY_AGAIN,
    ),
    "token_invalid": Problem(
        _("The sign-in could not be verified"),
        _(
            "The confirmation we received did not pass our security checks, so nobody was signed "
            "in."
        ),
        _NOT_YOURS,
    ),
    "userinfo_invalid": Problem(
        _("Your details could not be verified"),
        _(
            "The details we received from the eID service did not pass our security checks, so "
            "nobody was signed in."
        ),
        _NOT_YOURS,
    ),
    "mixed_up": Problem(
        _("The answer came from the wrong place"),
        _("The answer to this sign-in did not come from the eID service that was asked."),
        _NOT_YOURS,
    ),
    "acr_too_low": Problem(
        _("A stronger sign-in is needed"),
        _("The eID service confirmed you by a method that is not strong enough for this step."),
        _("Please sign in again and use your card with its PIN."),
        status=403,
    ),
    "auth_too_old": Problem(
        _("Please confirm again that it is you"),
        _("This step needs a sign-in of just now, and the eID service reported an older one."),
        _("Please start again and use your card with its PIN."),
        status=403,
    ),
    "other_person": Problem(
        _("Somebody else confirmed this step"),
        _(
            "You are signed in as one person, and the eID confirmed another. The step was not "
            "carried out."
        ),
        _("Please confirm with the same eID, or sign out and sign in as the other person."),
        status=403,
    ),
    "account_blocked": Problem(
        _("This account is blocked"),
        _("The municipality has blocked this account. You are not signed in."),
        _("Please ask the municipality and tell them the reference number below."),
        status=403,
        again=False,
    ),
    "not_set_up": Problem(
        _("The eID sign-in is not set up here"),
        _("This municipality does not offer the sign-in with the eID at the moment."),
        _("You can apply on paper at the counter. Please ask the municipality."),
        again=False,
    ),
}


class EidRefused(Exception):
    """A sign-in that is not accepted. `code` picks the page, `detail` is for the log only.

    `detail` is written by us and never holds anything of the token or of the person.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        if code not in PROBLEMS:
            raise LookupError(f"no eID problem '{code}'")
        self.code = code
        self.detail = detail


def new_reference() -> str:
    """A number to tell on the telephone: ``K7Q3-9XFD``. Finds the line in the log."""
    letters = "".join(secrets.choice(_ALPHABET) for _index in range(8))
    return f"{letters[:4]}-{letters[4:]}"
