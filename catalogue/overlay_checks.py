"""Whether a municipality's local edits can work: by field, in words for whoever typed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from catalogue import overlay as overlays
from catalogue import sign_in
from catalogue.overlay import Overlay, OwnClock, OwnFees
from catalogue.template import ServiceTemplate
from common.text import Text
from forms.definitions import FormDefinition
from rules import BOOL, RuleError, compile_rule
from workflow.definition import AtEnd, DeclaredConsultation, WorkflowError

MOST_DAYS = 365
MOST_YEN = 100_000_000
MOST_CONSULTATIONS = 10
LONGEST_TEXT = 1000

Errors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an overlay has to fit: its template, the form in force, the offices that there are."""

    template: ServiceTemplate
    form: FormDefinition
    departments: frozenset[str]


def problems(around: Surroundings, overlay: Overlay) -> dict[str, Errors]:
    """What stands against it: for each part the messages by field. Empty: it can be so."""
    found = {
        "department": department(around, overlay.department),
        "clock": clock(around, overlay.clock),
        "fees": fees(around, overlay.fees),
        "consultations": consultations(around, overlay),
        "sign_in": _sign_in(around, overlay),
    }
    if not any(found.values()):
        try:
            overlays.workflow_of(around.template, overlay)
        except WorkflowError as error:
            found["consultations"] = {"consultations": [str(error)]}
    return {part: errors for part, errors in found.items() if errors}


def department(around: Surroundings, key: str) -> Errors:
    if not key:
        return {"department": [_("Choose one.")]}
    if key not in around.departments:
        return {"department": [_("There is no such department (any more): %(key)s") % {"key": key}]}
    return {}


def clock(around: Surroundings, own: OwnClock | None) -> Errors:
    if own is None:
        return {}
    declared = around.template.workflow.clock
    if not 1 <= own.days <= MOST_DAYS:
        return {"days": [between(1, MOST_DAYS)]}
    law_says = declared.at_end is AtEnd.DEEMED_REFUSAL
    if law_says and own.unit is not declared.unit:
        return {"unit": [_("The law says how these days are counted.")]}
    if law_says and own.days > declared.days:
        message = _("The law gives %(days)s days at most: then silence counts as a refusal.")
        return {"days": [message % {"days": declared.days}]}
    return {}


def fees(around: Surroundings, own: OwnFees) -> Errors:
    found: Errors = {}
    declared = around.template.fees
    for name, yen in own.rates.items():
        if name not in declared.rates:
            message = _("The template has no amount “%(name)s” (any more).") % {"name": name}
            found[f"rate-{name}"] = [message]
        elif not 0 <= yen <= MOST_YEN:
            found[f"rate-{name}"] = [between(0, MOST_YEN)]
    if own.free and not declared.items:
        found["free"] = [_("The template has no fee.")]
    if own.free and not own.explanation:
        found |= texts("explanation", Text({}), _("Tell residents why it is free."))
    elif own.explanation:
        found |= texts("explanation", own.explanation, _("Write it in every language, or in none."))
    if own.legal_basis:
        found |= texts("legal_basis", own.legal_basis, _("Write it in every language, or in none."))
    if not found:
        try:
            declared.check_bounds(overlays.fees_of(around.template, own).rates)
        except ValueError:
            found["rates"] = [_("The least amount is above the most that is charged.")]
    return found


def consultations(around: Surroundings, overlay: Overlay) -> Errors:
    """By ``<number>-<field>``, numbers from 0."""
    found: Errors = {}
    if len(overlay.consultations) > MOST_CONSULTATIONS:
        return {"consultations": [_("At most %(most)s.") % {"most": MOST_CONSULTATIONS}]}
    asked = {each.department or each.body for each in around.template.workflow.consultations}
    for number, each in enumerate(overlay.consultations):
        errors = _consultation(around, each)
        if each.department and each.department == overlay.department:
            errors["department"] = [_("This department is responsible itself.")]
        elif (each.department or each.body) in asked:
            errors["department"] = [_("This office is asked already.")]
        asked.add(each.department or each.body)
        found |= {f"{number}-{field}": messages for field, messages in errors.items()}
    return found


def _consultation(around: Surroundings, each: DeclaredConsultation) -> Errors:
    found: Errors = {}
    if each.department:
        found |= department(around, each.department)
    found |= texts("question", each.question, _("Write the question in every language."))
    stages = overlays.answerable(around.template.workflow)
    if gone := [stage for stage in each.stages if stage not in stages]:
        message = _("Nobody can answer at the stage “%(stage)s”, or there is none any more.")
        found["stages"] = [message % {"stage": gone[0]}]
    if each.when and not _is_condition(each.when, around.form):
        found["when"] = [_("This condition cannot work with the questions of the form.")]
    return found


def _is_condition(source: str, form: FormDefinition) -> bool:
    try:
        return compile_rule(source, dict(form.rule_variables)).gives == BOOL
    except RuleError:
        return False


def _sign_in(around: Surroundings, overlay: Overlay) -> Errors:
    service = around.template.service
    rules = sign_in.in_force(service, overlay.sign_in.as_kept())
    return sign_in.problems(service, around.form, rules, languages())


def texts(name: str, text: Text, missing: str) -> Errors:
    """By ``<name>-<language>``: `missing` where it is empty in a language, too long elsewhere."""
    found: Errors = {}
    for code in languages():
        words = text.get(code, "")
        if not words.strip():
            found[f"{name}-{code}"] = [missing]
        elif len(words) > LONGEST_TEXT:
            found[f"{name}-{code}"] = [_("At most %(most)s characters.") % {"most": LONGEST_TEXT}]
    return found


def languages() -> Sequence[str]:
    return [code for code, _name in settings.LANGUAGES]


def between(least: int, most: int) -> str:
    """What is said of a number that is none, or out of bounds."""
    values: dict[str, Any] = {"least": f"{least:,}", "most": f"{most:,}"}
    return _("A whole number between %(least)s and %(most)s.") % values
