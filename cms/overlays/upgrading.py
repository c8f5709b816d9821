"""A newer version of the template: what would change, which local edits stand against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from wagtail.admin import messages

from catalogue import offerings, overlay_checks, overlaying
from catalogue import overlay as overlays
from catalogue.fitting import misfits
from catalogue.models import Offering
from cms import preparing
from cms.building import checks
from cms.building.http import of_form, page, staff_of
from cms.facts import clock_words
from cms.models import OverlayEdit
from cms.overlays.views import problem_list
from cms.overlays.words import NAMES, Difference, Words
from common.actor import Actor
from common.errors import Conflict, InvalidInput
from forms.building import reasons
from forms.building.differences import differences
from forms.building.places import fingerprint, shaped
from forms.definitions import FormDefinition
from forms.errors import DefinitionError
from identity.models import User
from workflow.definition import WorkflowDefinition, WorkflowError


@dataclass
class Plan:
    """What the newest version of the template would bring. `conflicts`: (name, address, why)."""

    offering: Offering
    form: FormDefinition
    workflow: WorkflowDefinition
    own_form: bool
    conflicts: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """Another one when the service or its template is another by now."""
        of = self.offering
        return fingerprint(
            [
                of.template.service.version, of.template_version, str(of.form_version_id),
                str(of.workflow_version_id), overlays.of(of).as_json(),
            ]
        )  # fmt: skip


def plan(offering: Offering) -> Plan:
    """Re-applies every local edit to the template as it is now."""
    template, overlay = offering.template, overlays.of(offering)
    found: list[tuple[str, str, str]] = []
    there = reverse("cms_forms:overview", args=[offering.slug])
    form, own_form = offering.form_version.form, bool(offering.settings.get("own_form"))
    if own_form:
        found += [
            (_("Application form"), there, checks.words_of(one)) for one in misfits(template, form)
        ]
    else:
        try:
            form = offerings.with_own(
                template.form,
                offering.settings.get("choices", {}),
                offering.settings.get("numbers", {}),
            )
        except DefinitionError as error:
            form = template.form
            found.append((_("Application form"), there, reasons.reason(error.message)))
    around = overlay_checks.Surroundings(template, form, overlaying.around(offering).departments)
    found += problem_list(offering, overlay_checks.problems(around, overlay))
    try:
        workflow = overlays.workflow_of(template, overlay)
    except WorkflowError as error:
        workflow = template.workflow
        if not found:
            found.append((str(NAMES["consultations"]), there, str(error)))
    return Plan(offering, form, workflow, own_form, found)


@transaction.atomic
def upgrade(*, offering: Offering, seen: str, note: str, by: User) -> Offering:
    """Bring the offering to the newest version of its template, its local edits on top.

    Raises `Conflict` when it is not what the page showed or an edit stands against it, and
    `InvalidInput` for an empty note.
    """
    fresh = Offering.objects.select_for_update().get(pk=offering.pk)
    found = plan(fresh)
    if found.mark != seen:
        raise Conflict(
            _("The service was changed in the meantime. Look at it once more."), code="changed"
        )
    if found.conflicts:
        raise Conflict(_("Put right first what stands against it."), code="conflicts")
    note = preparing.note_of(note)
    before = fresh.template_version
    changed = offerings.adopt(
        fresh.template_key, by=Actor.of(by), department=fresh.department, note=note,
        publish=fresh.is_published, expected=fresh.form_version_id,
    )  # fmt: skip
    kept = overlays.of(changed).as_json()
    said = _("Template %(before)s → %(after)s: %(note)s") % {
        "before": before, "after": changed.template_version, "note": note,
    }  # fmt: skip
    edit = OverlayEdit(offering=changed, base=kept, overlay=kept)
    preparing.close(
        edit, state=OverlayEdit.State.PUBLISHED, by=by, note=said[: preparing.LONGEST_NOTE]
    )
    return changed


@require_http_methods(["GET", "HEAD", "POST"])
@of_form("publish")
def update(request: HttpRequest, offering: Offering) -> HttpResponse:
    """What a newer version of the template changes, the town's edits, and the button."""
    context: dict[str, Any] = {"note": ""}
    status = 200
    if request.method == "POST":
        context["note"] = str(request.POST.get("note") or "")[:2000]
        try:
            changed = upgrade(
                offering=offering, seen=str(request.POST.get("seen") or ""),
                note=context["note"], by=staff_of(request),
            )  # fmt: skip
        except InvalidInput as refusal:
            context["note_error"], status = " ".join(refusal.errors.get("note", [])), 422
        except Conflict as refusal:
            context["error"], status = str(refusal), 409
        except DefinitionError as refusal:  # the trial of the rules, in a process of its own
            context["error"], status = reasons.reason(refusal.message), 422
        else:
            words = _("The service is on version %(version)s of the template.")
            messages.success(request, words % {"version": changed.template_version})
            return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))
        offering = Offering.objects.select_related("form_version").get(pk=offering.pk)
    context |= _shown(plan(offering))
    title = _("Newer version of the template")
    return page(request, "cms/overlays/update.html", offering, context, title=title, status=status)


def _shown(found: Plan) -> dict[str, Any]:
    offering, words = found.offering, Words(found.offering)
    before = shaped(offering.form_version.definition)
    # A form of the town's own stays; beside it what the template would ask now.
    after = offering.template.form if found.own_form else found.form
    return {
        "seen": found.mark,
        "version": offering.template.service.version,
        "is_behind": offering.template_version != offering.template.service.version,
        "own_form": found.own_form,
        "form_differences": differences(before, shaped(after.as_json())),
        "way": list(_way(words, offering.workflow, found.workflow)),
        "edits": words.differences(words.of_template, overlays.of(offering)),
        "conflicts": found.conflicts,
    }


def _way(words: Words, old: WorkflowDefinition, new: WorkflowDefinition) -> Iterator[Difference]:
    """What changes in the way of a case, line by line."""
    before, after = (_lines(words, each) for each in (old, new))
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Difference("workflow", name, before.get(name, ""), after.get(name, ""))


def _lines(words: Words, workflow: WorkflowDefinition) -> dict[str, str]:
    found = {str(NAMES["clock"]): clock_words(workflow.clock)}
    for stage in workflow.stages:
        found[_("Stage: %(name)s") % {"name": stage.for_staff}] = str(stage.resident)
    for each in workflow.consultations:
        name = _("Consultation: %(office)s") % {"office": each.name}
        found[name] = words.consultation(each)
    return found
