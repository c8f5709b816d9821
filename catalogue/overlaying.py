"""Putting a municipality's local edits in force, for what begins from now on."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from audit import ledger
from catalogue import overlay as overlays
from catalogue import overlay_checks as checks
from catalogue import sign_in
from catalogue.models import Offering, WorkflowVersion
from catalogue.overlay import PARTS, Overlay
from catalogue.queries import forget_offered
from catalogue.template import ServiceTemplate
from common.actor import Actor
from common.errors import InvalidInput
from identity.models import Department
from workflow.definition import WorkflowDefinition

_LONGEST = 190


def around(offering: Offering) -> checks.Surroundings:
    """What the overlay of this offering has to fit."""
    keys = frozenset(Department.objects.values_list("key", flat=True))
    return checks.Surroundings(offering.template, offering.form_version.form, keys)


def changed(before: Overlay, after: Overlay) -> list[str]:
    """The names of the parts that differ."""
    return [name for name in PARTS if before.part(name) != after.part(name)]


def merged(base: Overlay, mine: Overlay, theirs: Overlay) -> tuple[Overlay, list[str]]:
    """`mine` with what others changed since `base`; and the parts that both have changed.

    Where both have, it is mine.
    """
    own, others = changed(base, mine), changed(base, theirs)
    taken = {name: getattr(theirs, name) for name in others if name not in own}
    both = [name for name in others if name in own and mine.part(name) != theirs.part(name)]
    return mine.model_copy(update=taken), both


def version_of(template: ServiceTemplate, workflow: WorkflowDefinition) -> WorkflowVersion:
    """The published version with this content; made when there is none."""
    found, _made = WorkflowVersion.objects.get_or_create(
        key=template.key, digest=workflow.digest, defaults={"definition": workflow.as_json()}
    )
    return found


@transaction.atomic
def put_in_force(*, offering: Offering, overlay: Overlay, by: Actor) -> Offering:
    """From now on the service is as `overlay` says.

    What was sent stays with its office, its workflow and the terms of its fee. Raises
    `InvalidInput` by part when it cannot work.
    """
    fresh = Offering.objects.select_for_update().get(pk=offering.pk)
    before, template = overlays.of(fresh), fresh.template
    parts = changed(before, overlay)
    if not parts:
        return fresh
    if found := checks.problems(around(fresh), overlay):
        raise InvalidInput(
            {part: [m for messages in by.values() for m in messages] for part, by in found.items()}
        )
    fresh.department = Department.objects.get(key=overlay.department)
    fresh.workflow_version = version_of(template, overlays.workflow_of(template, overlay))
    others = {key: kept for key, kept in fresh.settings.items() if key not in overlays.SETTINGS}
    fresh.settings = others | overlays.as_settings(overlay)
    fresh.save(update_fields=["department", "workflow_version", "settings"])
    forget_offered()
    ledger.record(
        event="offering.settings_published",
        by=by,
        object_kind="offering",
        object_id=str(fresh.pk),
        data={
            "parts": parts,
            "before": _in_brief(template, before, overlay, parts),
            "after": _in_brief(template, overlay, before, parts),
        },
    )
    return fresh


def _in_brief(
    template: ServiceTemplate, overlay: Overlay, other: Overlay, parts: Collection[str]
) -> list[str]:
    """For the ledger: each part in a word, ``clock: 10 working_days``; amounts that differ."""
    clock, own = overlays.clock_of(template, overlay), overlay.fees.rates.items()
    rates = [f"{name}={yen}" for name, yen in sorted(own - other.fees.rates.items())]
    said = {
        "department": overlay.department,
        "clock": f"{clock.days} {clock.unit}",
        "fees": " ".join([*(["free"] if overlay.fees.free else []), *rates]),
        "consultations": " ".join(each.department or each.body for each in overlay.consultations),
        "sign_in": sign_in.in_force(template.service, overlay.sign_in.as_kept()).in_brief(),
    }
    return [f"{name}: {said[name]}"[:_LONGEST] for name in PARTS if name in parts]
