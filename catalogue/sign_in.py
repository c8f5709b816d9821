"""How somebody signs in for a service, how surely, and who signs with them.

The template says it, and a municipality may ask for more, not for less. Its own word is in the
offering's settings (``sign_in``, ``assurance``, ``cosign``), and nothing is there where the
template's counts; so a newer template that asks for more goes before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from catalogue.template import (
    Assurance,
    Behalf,
    Cosign,
    Kind,
    ServiceDeclaration,
    SignIn,
    asks_sensitive,
    names_the_applicant,
)
from common.text import Text
from forms.definitions import FormDefinition

SETTINGS = frozenset({"sign_in", "assurance", "cosign"})
MOST_SIGNERS = 10
LONGEST_BY = 200


@dataclass(frozen=True, slots=True)
class SignInRules:
    """What residents meet."""

    sign_in: SignIn
    assurance: Assurance
    cosign: Cosign | None

    @property
    def signers(self) -> int:
        """How many others have to sign, at least."""
        return self.cosign.count if self.cosign else 0

    @property
    def mark(self) -> str:
        """Another one for other rules: whether a page still shows what is in force."""
        by = sorted(self.cosign.by.items()) if self.cosign else []
        return hashlib.sha256(f"{self.in_brief()} {by}".encode()).hexdigest()[:16]

    def in_brief(self) -> str:
        """For the ledger: ``to_send ordinary 2``."""
        return f"{self.sign_in} {self.assurance} {self.signers}"


def in_force(service: ServiceDeclaration, kept: Mapping[str, Any]) -> SignInRules:
    """The stricter of the template's word and the municipality's, in each of the three."""
    cosign = _cosign(service.cosign, kept.get("cosign"))
    high = Assurance.HIGH in (service.assurance, kept.get("assurance"))
    # Who is not sure of being known cannot be known surely, nor ask others to sign.
    implied = SignIn.REQUIRED if high else SignIn.TO_SEND if cosign else SignIn.OPTIONAL
    own = SignIn(kept.get("sign_in", service.sign_in))
    return SignInRules(
        sign_in=min((service.sign_in, own, implied), key=list(SignIn).index),
        assurance=Assurance.HIGH if high else Assurance.ORDINARY,
        cosign=cosign,
    )


def _cosign(declared: Cosign | None, own: Mapping[str, Any] | None) -> Cosign | None:
    if not own:
        return declared
    if declared is None:
        return Cosign(count=own["count"], by=Text(own["by"]))
    return Cosign(
        count=min(max(declared.count, own["count"]), declared.most),
        most=declared.most,
        by=Text(own["by"]) or declared.by,
    )


def as_settings(service: ServiceDeclaration, wanted: SignInRules) -> dict[str, Any]:
    """What the offering's settings keep of it: only what differs from the template."""
    found: dict[str, Any] = {}
    if wanted.sign_in.is_stricter_than(service.sign_in):
        found["sign_in"] = wanted.sign_in.value
    if wanted.assurance is not service.assurance:
        found["assurance"] = wanted.assurance.value
    if wanted.cosign is not None and wanted.cosign != service.cosign:
        found["cosign"] = {"count": wanted.cosign.count, "by": wanted.cosign.by.as_dict()}
    return found


def why_not(service: ServiceDeclaration, form: FormDefinition, sign_in: SignIn) -> str:
    """Why a municipality with this form cannot choose it; empty where it can."""
    if sign_in is SignIn.OPTIONAL and asks_sensitive(form):
        return _("Not with this form: it asks for a number that has to be theirs.")
    if not service.sign_in.is_stricter_than(sign_in):
        if sign_in is SignIn.OPTIONAL and not names_the_applicant(form):
            return _("Not with this form: not everybody writes their name in it.")
        return ""
    if sign_in is SignIn.OPTIONAL:
        if service.kind is Kind.BENEFIT:
            return _("Not for a benefit: it is paid to somebody who is known.")
        if Behalf.GUARDIAN in service.on_behalf:
            return _(
                "Not for this service: it can be about a child or a ward, who needs to be known."
            )
    if service.assurance is Assurance.HIGH:
        return _("Not for this service: it asks for the card anew, so one signs in at the start.")
    return _(
        "Not for this service: its template asks for more. You can ask for more, not for less."
    )


def problems(
    service: ServiceDeclaration,
    form: FormDefinition,
    wanted: SignInRules,
    languages: Sequence[str],
) -> dict[str, list[str]]:
    """What stands against it, by field. Empty: it can be so."""
    found: dict[str, list[str]] = {}
    if reason := why_not(service, form, wanted.sign_in):
        found["sign_in"] = [reason]
    if service.assurance is Assurance.HIGH and wanted.assurance is not Assurance.HIGH:
        found["assurance"] = [_("The template asks for the card anew, which cannot be left out.")]
    elif wanted.assurance is Assurance.HIGH and wanted.sign_in is not SignIn.REQUIRED:
        found["assurance"] = [
            _("The card is asked for at the start: choose above that people sign in first.")
        ]
    if problem := _signers(service.cosign, wanted):
        found["signers"] = [problem]
    elif wanted.cosign is not None:
        found |= _by(wanted.cosign.by, languages)
    return found


def _signers(declared: Cosign | None, wanted: SignInRules) -> str:
    least, most = (declared.count, declared.most) if declared else (0, MOST_SIGNERS)
    if not least <= wanted.signers <= most:
        return _("Between %(least)s and %(most)s for this service.") % {
            "least": least, "most": most,
        }  # fmt: skip
    if wanted.cosign is not None and wanted.sign_in is SignIn.OPTIONAL:
        return _("Somebody who has not signed in cannot ask others to sign: choose it above.")
    return ""


def _by(by: Text, languages: Sequence[str]) -> dict[str, list[str]]:
    found = {}
    for language in languages:
        words = by.get(language, "")
        if not words.strip():
            name = dict(settings.LANGUAGES).get(language, language)
            found[f"by-{language}"] = [_("Say who signs (%(language)s).") % {"language": name}]
        elif len(words) > LONGEST_BY:
            found[f"by-{language}"] = [_("At most %(most)s characters.") % {"most": LONGEST_BY}]
    return found
