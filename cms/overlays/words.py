"""A municipality's own settings in words, and what differs between two states of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import overlay as overlays
from catalogue import sign_in
from catalogue.fees import yen
from catalogue.models import Offering
from catalogue.overlay import PARTS, Overlay
from catalogue.template import Assurance, SignIn
from cms.facts import clock_words, days_words
from forms.building.operands import Operand, operands_at
from forms.building.places import shaped
from forms.building.sentences import sentence
from identity.models import Department
from workflow.definition import DayUnit, DeclaredConsultation

NAMES: Mapping[str, Any] = {
    "department": gettext_lazy("Responsible department"),
    "clock": gettext_lazy("Processing days"),
    "fees": gettext_lazy("Fees"),
    "consultations": gettext_lazy("Consultations"),
    "sign_in": gettext_lazy("Sign-in and signatures"),
}
SIGN_IN: Mapping[SignIn, Any] = {
    SignIn.REQUIRED: gettext_lazy("Before they begin"),
    SignIn.TO_SEND: gettext_lazy("Before they send"),
    SignIn.OPTIONAL: gettext_lazy("Not needed"),
}
ASSURANCE: Mapping[Assurance, Any] = {
    Assurance.ORDINARY: gettext_lazy("The sign-in is enough"),
    Assurance.HIGH: gettext_lazy("The card once more"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A line in which two states differ; "" where there is nothing."""

    part: str
    name: str
    before: str
    after: str


class Words:
    """What the settings of one offering say. Reads the departments once."""

    def __init__(self, offering: Offering) -> None:
        self.offering = offering
        self.template = offering.template

    @cached_property
    def departments(self) -> dict[str, str]:
        """Names by key, in order."""
        return {each.key: str(each) for each in Department.objects.all()}

    @cached_property
    def operands(self) -> dict[str, Operand]:
        """What a condition may look at."""
        return operands_at(shaped(self.offering.form_version.definition), ())

    @cached_property
    def of_template(self) -> Overlay:
        """The settings of a municipality that has none of its own."""
        return Overlay(department=self.template.service.department)

    def department(self, key: str) -> str:
        return self.departments.get(key) or _("%(key)s (there is no such department here)") % {
            "key": key
        }

    def lines(self, part: str, overlay: Overlay) -> list[tuple[str, str]]:
        """Name and value of everything that a part says; short ones, for a table."""
        return [(name, value) for name, value in _OF[part](self, overlay) if value]

    def differences(self, before: Overlay, after: Overlay) -> list[Difference]:
        """Line by line, in the order of the parts."""
        found = []
        for part in PARTS:
            old, new = dict(self.lines(part, before)), dict(self.lines(part, after))
            found += [
                Difference(part, name, old.get(name, ""), new.get(name, ""))
                for name in dict.fromkeys([*old, *new])
                if old.get(name) != new.get(name)
            ]
        return found

    def stage(self, stage_id: str) -> str:
        stage = self.template.workflow.by_id.get(stage_id)
        return str(stage.for_staff) if stage else stage_id

    def rate(self, name: str) -> str:
        return str(self.template.fees.rate_names.get(name, "")) or name

    def consultation(self, each: DeclaredConsultation) -> str:
        """``in 5 working days; at “under review”; a decision waits for it: “…”``"""
        said = [
            days_words(each.days, DayUnit.WORKING),
            _("at: %(stages)s") % {"stages": "、".join(map(self.stage, each.stages))},
            _("a decision waits for it") if each.required else _("no decision waits for it"),
        ]
        if each.when:
            said.append(_("only when %(rule)s") % {"rule": sentence(each.when, self.operands)})
        return f"{' · '.join(said)}\n{each.question}"


Lines = Iterator[tuple[str, str]]


def _department(words: Words, overlay: Overlay) -> Lines:
    yield str(NAMES["department"]), words.department(overlay.department)


def _clock(words: Words, overlay: Overlay) -> Lines:
    yield str(NAMES["clock"]), clock_words(overlays.clock_of(words.template, overlay))


def _fees(words: Words, overlay: Overlay) -> Lines:
    schedule = overlays.fees_of(words.template, overlay.fees)
    yield _("Fee"), _("charged") if schedule.items else _("free of charge")
    for name, amount in schedule.rates.items():
        yield words.rate(name), yen(amount)
    for name in sorted(overlay.fees.rates.keys() - schedule.rates.keys()):
        yield name, yen(overlay.fees.rates[name])
    for title, text in (
        (_("Explanation for residents (%(language)s)"), schedule.explanation),
        (_("Legal basis (%(language)s)"), schedule.legal_basis),
    ):
        for code, language in settings.LANGUAGES:
            yield title % {"language": language}, text.get(code, "") if text else ""


def _consultations(words: Words, overlay: Overlay) -> Lines:
    for each in (*words.template.workflow.consultations, *overlay.consultations):
        office = words.department(each.department) if each.department else str(each.name)
        yield _("Consultation: %(office)s") % {"office": office}, words.consultation(each)


def _sign_in(words: Words, overlay: Overlay) -> Lines:
    rules = sign_in.in_force(words.template.service, overlay.sign_in.as_kept())
    yield _("Sign-in"), str(SIGN_IN[rules.sign_in])
    yield _("How sure it must be"), str(ASSURANCE[rules.assurance])
    yield _("Others who sign, at least"), str(rules.signers) if rules.signers else _("nobody")
    for code, language in settings.LANGUAGES:
        by = rules.cosign.by.get(code, "") if rules.cosign else ""
        yield _("Who signs (%(language)s)") % {"language": language}, by


_OF = {
    "department": _department,
    "clock": _clock,
    "fees": _fees,
    "consultations": _consultations,
    "sign_in": _sign_in,
}
