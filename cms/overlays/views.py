"""The pages of a municipality's own settings: one for each part, publishing, discarding."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from wagtail.admin import messages

from catalogue import overlay as overlays
from catalogue import overlay_checks, overlaying
from catalogue.models import Offering
from catalogue.overlay import Overlay
from cms.building import access
from cms.building.http import of_form, page, refused, seen, staff_of
from cms.models import OverlayEdit
from cms.overlays import actions
from cms.overlays.consulting import ConsultationsPage
from cms.overlays.parts import ClockPage, DepartmentPage, FeesPage, Page
from cms.overlays.show import address
from cms.overlays.words import NAMES, Words
from common.errors import Conflict, InvalidInput, listed

PAGES: dict[str, type[Page]] = {
    each.part: each for each in (DepartmentPage, ClockPage, FeesPage, ConsultationsPage)
}


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def part(request: HttpRequest, offering: Offering, part: str) -> HttpResponse:
    """One part. Posted: prepared, and in force when somebody publishes it."""
    if part not in PAGES:
        raise Http404
    edit = actions.edit_of(offering)
    overlay = actions.prepared(offering, edit)
    shown = PAGES[part](Words(offering), overlay)
    if request.method != "POST":
        shown.show(getattr(overlay, part))
        return _part_page(request, offering, edit, shown)
    action = str(request.POST.get("_do") or "save")
    value = shown.read(request.POST)
    if shown.press(action):
        shown.errors.clear()
        return _part_page(request, offering, edit, shown)
    if action == "template":
        value, shown.errors = shown.template_value(), {}
    try:
        if shown.errors:
            raise InvalidInput(shown.errors)
        actions.save_part(
            offering=offering, part=part, value=value, by=staff_of(request),
            seen=str(request.POST.get("mark") or ""),
            what=_("Changed: %(name)s") % {"name": NAMES[part]},
        )  # fmt: skip
    except InvalidInput as refusal:
        if not shown.errors:
            shown.take(refusal.errors)
        return _part_page(request, offering, edit, shown, status=422)
    except actions.SavedElsewhere as refusal:
        return _part_page(request, offering, edit, shown, refusal=refusal, status=409)
    messages.success(request, _("Saved. Nothing changes for residents until it is published."))
    return HttpResponseRedirect(request.path)


def _part_page(
    request: HttpRequest,
    offering: Offering,
    edit: OverlayEdit | None,
    shown: Page,
    *,
    refusal: actions.SavedElsewhere | None = None,
    status: int = 200,
) -> HttpResponse:
    now = refusal.now if refusal else shown.overlay
    posted = str(request.POST.get("mark") or "")
    context: dict[str, Any] = {
        "edit": edit,
        "part": shown.part,
        "errors": shown.errors,
        "error_list": listed(shown.errors),
        "typed": shown.typed,
        # Saved a second time it takes the place of what the page now shows beside it.
        "mark": posted if posted and not refusal else actions.mark_of(now, shown.part),
        "refusal": refusal,
        "theirs": shown.words.lines(shown.part, now) if refusal else [],
        "is_own": now.part(shown.part) != shown.words.of_template.part(shown.part),
        "waits": edit is not None
        and overlays.of(offering).part(shown.part) != now.part(shown.part),
        "may_publish": access.may(request.user, "publish", offering),
        **shown.context(),
    }
    title = str(NAMES[shown.part])
    return page(request, shown.template, offering, context, title=title, status=status)


def _edit_or_404(offering: Offering) -> OverlayEdit:
    found = actions.edit_of(offering)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@of_form("publish")
def publish(request: HttpRequest, offering: Offering) -> HttpResponse:
    """What is new, what stands in the way, the note, and the button."""
    edit = _edit_or_404(offering)
    context: dict[str, Any] = {"lock": edit.lock, "note": ""}
    status = 200
    if request.method == "POST":
        lock = seen(request).lock
        context |= {"lock": lock, "note": str(request.POST.get("note") or "")[:2000]}
        try:
            if request.POST.get("_do") == "go-on":
                edit = actions.go_on_from_published(edit=edit, lock=lock, by=staff_of(request))
                context["lock"] = edit.lock
            else:
                actions.publish(
                    edit=edit, lock=lock, note=context["note"], by=staff_of(request)
                )  # fmt: skip
                messages.success(request, _("Published. It is so for what begins from now on."))
                return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))
        except InvalidInput as refusal:
            status, context["note_error"] = 422, " ".join(refusal.errors.get("note", []))
        except actions.SavedElsewhere as refusal:
            context |= {"error": str(refusal), "lock": _edit_or_404(offering).lock}
            status = 409
        except actions.BothChanged as refusal:
            context["error"], status = str(refusal), 409
        except Conflict as refusal:
            return refused(request, offering, refusal)
    context |= _to_publish(offering, edit)
    title = _("Publish the settings")
    return page(request, "cms/overlays/publish.html", offering, context, title=title, status=status)


def _to_publish(offering: Offering, edit: OverlayEdit) -> dict[str, Any]:
    edit.refresh_from_db()
    words, in_force = Words(offering), overlays.of(offering)
    base = Overlay.model_validate(edit.base)
    wanted, both = overlaying.merged(base, Overlay.model_validate(edit.overlay), in_force)
    problems = overlay_checks.problems(overlaying.around(offering), wanted)
    return {
        "edit": edit,
        "differences": words.differences(in_force, wanted),
        "since": [each for each in words.differences(base, in_force) if each.part in both],
        "problems": problem_list(offering, problems),
    }


def problem_list(
    offering: Offering, problems: dict[str, dict[str, list[str]]]
) -> list[tuple[str, str, str]]:
    """Each with the name of its part and the page where it can be put right."""
    return [
        (str(NAMES[part]), address(offering, part), message)
        for part, by_field in problems.items()
        for found in by_field.values()
        for message in found
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def discard(request: HttpRequest, offering: Offering) -> HttpResponse:
    edit = _edit_or_404(offering)
    if request.method == "POST":
        try:
            actions.discard(edit=edit, lock=seen(request).lock, by=staff_of(request))
        except Conflict as refusal:
            return refused(request, offering, refusal)
        messages.success(request, _("What was prepared is discarded. What is in force stays."))
        return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))
    words = Words(offering)
    context = {
        "edit": edit,
        "lock": edit.lock,
        "differences": words.differences(
            overlays.of(offering), actions.prepared(offering, edit)
        ),
    }  # fmt: skip
    title = _("Discard the settings")
    return page(request, "cms/overlays/discard.html", offering, context, title=title)
