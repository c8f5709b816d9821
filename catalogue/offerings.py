"""Adopting a service, and how one signs in for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from catalogue import overlay as overlays
from catalogue.fitting import misfits
from catalogue.models import Offering
from catalogue.overlaying import version_of
from catalogue.queries import forget_offered
from catalogue.registry import catalogue
from catalogue.sign_in import SETTINGS, SignInRules, as_settings, problems
from catalogue.template import ServiceTemplate, SignIn
from common.actor import Actor
from common.errors import Conflict, InvalidInput
from forms import definitions, versions
from forms.models import FormVersion
from identity.models import Department


@transaction.atomic
def adopt(
    template_key: str,
    *,
    by: Actor,
    department: Department,
    rates: Mapping[str, int] | None = None,
    choices: Mapping[str, list[dict[str, Any]]] | None = None,
    numbers: Mapping[str, int] | None = None,
    sign_in: SignIn | None = None,
    publish: bool = True,
    note: str = "",
    expected: uuid.UUID | None = None,
    replace_form: bool = False,
) -> Offering:
    """Offer a template in the current municipality, or bring an offering to its newest version.

    `rates` are the town's own amounts in yen, `choices` its own options of a choice question
    (the parks there are): ``{"park": [{"value": …, "label": {"ja": …, "en": …}}]}``. `numbers`
    are the town's own in place of a computed answer that is nothing but a number in the template,
    as the coefficient of an income limit: ``{"coefficient": 120}``. `sign_in` can be stricter than
    the template's, or that again. What is left out stays as the municipality had it.
    A form that the town's staff have built stays theirs, with choices and numbers, unless
    `replace_form`.
    `note` says to colleagues what is different. `expected` is the form version that the editor had
    in front of them: when somebody published another one meanwhile, `Conflict` says so and nothing
    is changed.
    Raises `LookupError` for an unknown template, `ValueError` for a rate that it does not have or
    that is below zero and for a looser `sign_in`, `DefinitionError` when the result cannot work.
    """
    template = catalogue().get(template_key)
    # Two editors at once: the second waits here, and then sees what the first has done.
    before = Offering.objects.select_for_update().filter(template_key=template.key).first()
    if expected is not None and before is not None and before.form_version_id != expected:
        raise _published_meanwhile(before.form_version)
    kept = before.settings if before else {}
    own_choices = dict(kept.get("choices", {}) if choices is None else choices)
    own_numbers = dict(kept.get("numbers", {}) if numbers is None else numbers)
    own_rates = dict(kept.get("rates", {}) if rates is None else rates)
    for name, amount in own_rates.items():
        if name not in template.fees.rates:
            raise ValueError(f"rates: no rate '{name}' in service '{template.key}'")
        if amount < 0:
            raise ValueError(f"rates: '{name}' is below zero")
    template.fees.check_bounds({**template.fees.rates, **own_rates})
    own_sign_in = _sign_in(template, kept, sign_in)
    own_form = bool(kept.get("own_form")) and not replace_form
    if before is not None and own_form:
        form_version = before.form_version
        if found := misfits(template, form_version.form):
            raise definitions.DefinitionError(
                f"the municipality's own form does not fit version {template.service.version}: "
                + "; ".join(f"{one.part} {one.name or one.why}" for one in found)
            )
    else:
        form_version = versions.publish(
            with_own(template.form, own_choices, own_numbers), note=note, by=by
        )
    workflow = overlays.workflow_of(template, overlays.from_settings(kept, department.key))
    workflow_version = version_of(template, workflow)
    offering, created = Offering.objects.update_or_create(
        template_key=template.key,
        defaults={
            "template_version": template.service.version,
            "slug": template.service.slug,
            "kind": template.service.kind.value,
            "title": template.service.title,
            "summary": template.service.summary,
            "form_version": form_version,
            "workflow_version": workflow_version,
            "department": department,
            "settings": {
                name: value
                for name, value in kept.items()
                if name not in {"own_form", "sign_in", "numbers"}
            }
            | {"rates": own_rates, "choices": own_choices}
            | ({"numbers": own_numbers} if own_numbers else {})
            | own_sign_in
            | ({"own_form": True} if own_form else {}),
            "is_published": publish,
        },
    )
    forget_offered()
    ledger.record(
        event="offering.adopted" if created else "offering.upgraded",
        by=by,
        object_kind="offering",
        object_id=str(offering.pk),
        data={
            "template": template.key,
            "version": template.service.version,
            "form_version": form_version.number,
        },
    )
    return offering


@transaction.atomic
def change_sign_in(*, offering: Offering, wanted: SignInRules, seen: str, by: Actor) -> Offering:
    """From now on residents sign in, and others sign with them, as `wanted` says.

    What is begun goes on under the new rules. `seen` is the mark of what the editor's page showed.
    Raises `InvalidInput` with what the template forbids, `Conflict` when somebody else changed it.
    """
    fresh = Offering.objects.select_for_update(no_key=True).get(pk=offering.pk)
    now = fresh.sign_in_rules
    if now.mark != seen:
        raise Conflict(
            _("Somebody else has changed this in the meantime. Nothing was overwritten."),
            code="changed",
        )
    service, form = fresh.template.service, fresh.form_version.form
    languages = [code for code, _name in settings.LANGUAGES]
    if found := problems(service, form, wanted, languages):
        raise InvalidInput(found)
    if wanted == now:
        return fresh
    others = {name: value for name, value in fresh.settings.items() if name not in SETTINGS}
    fresh.settings = others | as_settings(service, wanted)
    fresh.save(update_fields=["settings"])
    forget_offered()
    ledger.record(
        event="offering.sign_in_changed",
        by=by,
        object_kind="offering",
        object_id=str(fresh.pk),
        data={"before": now.in_brief(), "after": wanted.in_brief()},
    )
    return fresh


def _sign_in(
    template: ServiceTemplate, kept: Mapping[str, Any], wanted: SignIn | None
) -> dict[str, str]:
    """What the settings say about it: nothing where the template's word counts."""
    offered = template.service.sign_in
    if wanted is not None and offered.is_stricter_than(wanted):
        raise ValueError(
            f"sign_in: service '{template.key}' says '{offered}', which '{wanted}' is looser than"
        )
    own = SignIn(kept.get("sign_in", offered)) if wanted is None else wanted
    return {"sign_in": own.value} if own.is_stricter_than(offered) else {}


def _published_meanwhile(version: FormVersion) -> Conflict:
    at = timezone.localtime(version.published_at)
    return Conflict(
        _(
            "Somebody published version %(number)s on %(day)s at %(time)s. "
            "Compare it with yours first, then publish again."
        )
        % {"number": version.number, "day": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M}"},
        code="published_meanwhile",
    )


def with_own(
    form: definitions.FormDefinition,
    choices: Mapping[str, list[dict[str, Any]]],
    numbers: Mapping[str, int],
) -> definitions.FormDefinition:
    """The form with the municipality's own options and numbers in place of the template's."""
    if not choices and not numbers:
        return form
    data = form.as_json()
    questions = {each["id"]: each for step in data["steps"] for each in step["questions"]}
    for name, options in choices.items():
        if name not in questions:
            raise definitions.DefinitionError(f"choices: no question '{name}' in form '{form.key}'")
        questions[name]["choices"] = options
    for name, number in numbers.items():
        if name not in questions or not str(questions[name].get("rule", "")).isdecimal():
            raise definitions.DefinitionError(
                f"numbers: no computed number '{name}' in form '{form.key}'"
            )
        if number < 0:
            raise definitions.DefinitionError(f"numbers: '{name}' is below zero")
        questions[name]["rule"] = str(number)
    return definitions.load(data)
