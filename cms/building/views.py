"""The pages of the form builder: services, one form, one step or question, texts, publishing."""

from __future__ import annotations

import copy
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin import messages

from catalogue.models import Offering
from cms.building import access, actions, checks, show
from cms.building.actions import SavedElsewhere
from cms.building.http import (
    address,
    conflict,
    edit_of,
    edit_or_404,
    of_form,
    page,
    part_or_404,
    refused,
    seen,
    source_of,
    staff_of,
)
from cms.models import FormEdit, OverlayEdit
from cms.overlays.show import glance
from common.errors import Conflict, DomainError, InvalidInput
from forms.building import structure, texts, yaml_text
from forms.building.differences import differences
from forms.building.editing import Editor, specs_at
from forms.building.picking import typed_text
from forms.building.places import Data, Place, parse_place, questions, shaped


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every service whose form this person may change."""
    offerings = access.offerings(request.user)
    open_ = {
        edit.offering_id: edit
        for edit in FormEdit.objects.filter(
            state=FormEdit.State.OPEN, offering__in=offerings
        ).select_related("edited_by")
    }
    settings = {
        edit.offering_id: edit
        for edit in OverlayEdit.objects.filter(
            state=OverlayEdit.State.OPEN, offering__in=offerings
        ).select_related("edited_by")
    }
    rows = [(one, open_.get(one.pk), settings.get(one.pk)) for one in offerings]
    context = {"rows": rows, "page_title": _("Application forms"), "header_icon": "form"}
    return render(request, "cms/forms/index.html", context)


@require_POST
@of_form()
def begin(request: HttpRequest, offering: Offering) -> HttpResponse:
    actions.begin(offering=offering, by=staff_of(request))
    return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def overview(request: HttpRequest, offering: Offering) -> HttpResponse:
    """The steps and questions of a form; buttons to add, move, copy and remove."""
    edit = edit_of(offering)
    if request.method == "POST":
        act = _take_back if request.POST.get("_do") == "take-back" else _press
        return act(request, offering, edit_or_404(offering), ())
    data = edit.definition if edit else shaped(offering.form_version.definition)
    may_publish = access.may(request.user, "publish", offering)
    context = (
        show.overview(data, offering)
        | glance(offering, edit, may_publish=may_publish)
        | {
            "edit": edit,
            "saves": list(reversed(edit.saves))[:8] if edit else [],
            "may_publish": may_publish,
            "published": FormEdit.objects.filter(offering=offering, state=FormEdit.State.PUBLISHED)
            .select_related("published_version", "edited_by")
            .order_by("-saved_at")[:5],
        }
    )
    return page(request, "cms/forms/overview.html", offering, context, title="")


def _take_back(
    request: HttpRequest, offering: Offering, edit: FormEdit, _above: Place
) -> HttpResponse:
    try:
        what = actions.take_back(edit=edit, lock=seen(request).lock, by=staff_of(request))
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, what)
    return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))


def _press(request: HttpRequest, offering: Offering, edit: FormEdit, above: Place) -> HttpResponse:
    """``_do``: ``up:2-3:mark``, ``down``, ``copy``, ``remove``, ``step`` or ``add``."""
    verb, _sign, rest = str(request.POST.get("_do") or "").partition(":")
    where, _sign, mark = rest.partition(":")
    stay = (
        address(offering, above) if above else reverse("cms_forms:overview", args=[offering.slug])
    )
    try:
        place = parse_place(where) if where else above
        made = actions.Seen(seen(request).lock, mark)
        apply, what = _structure(verb, request, edit.definition, place)
        edit, target = actions.change(
            edit=edit, place=place, seen=made, apply=apply, what=what, by=staff_of(request)
        )
    except SavedElsewhere as refusal:
        return conflict(request, offering, refusal, edit.definition, stay)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(stay)
    except (LookupError, TypeError):
        raise Http404 from None
    there = reverse("cms_forms:overview", args=[offering.slug]) + "#saved"
    ways = [messages.button(there, _("Take it back"))] if verb == "remove" else None
    messages.success(request, what, buttons=ways)
    goes_there = verb in {"add", "step", "copy", "to"}
    return HttpResponseRedirect(address(offering, target) if goes_there else f"{stay}#parts")


def _structure(
    verb: str, request: HttpRequest, data: Data, place: Place
) -> tuple[actions.Change, str]:
    """What a button does, and how it is told. Raises `LookupError` for one that does not exist."""
    name = {"name": show.name_of(data, place)}
    match verb:
        case "up" | "down":
            by = -1 if verb == "up" else 1
            return lambda d, p: structure.move(d, p, by), _("Moved: %(name)s") % name
        case "copy":
            return structure.duplicate, _("Copied: %(name)s") % name
        case "remove":

            def take(data: Data, here: Place) -> Place:
                structure.remove(data, here)
                return here[:-1]

            return take, _("Removed: %(name)s") % name
        case "to" if len(place) == 2:
            return _to_step(str(request.POST.get("step") or "")), _("Moved: %(name)s") % name
        case "step" if not place:
            return lambda d, _p: structure.add_step(d), _("A step was added")
        case "add" if place:
            kind = str(request.POST.get("type") or "")
            words = _("A question was added to: %(name)s") % name
            return lambda d, p: structure.add_question(d, p, kind), words
    raise LookupError(verb)


def _to_step(step: str) -> actions.Change:
    def apply(data: Data, place: Place) -> Place:
        try:
            number = structure.step_named(data, step)
        except LookupError:
            message = _("That step is not there any more. Nothing was moved.")
            raise InvalidInput({"step": [message]}, message) from None
        return structure.move_to_step(data, place, number)

    return apply


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def whole(request: HttpRequest, offering: Offering) -> HttpResponse:
    """Title and key of the form itself, and who may apply."""
    return _part(request, offering, ())


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def part(request: HttpRequest, offering: Offering, where: str) -> HttpResponse:
    """One step, question or question of a group."""
    try:
        place = parse_place(where)
    except LookupError:
        raise Http404 from None
    return _part(request, offering, place)


def _part(request: HttpRequest, offering: Offering, place: Place) -> HttpResponse:
    edit = edit_or_404(offering)
    found = part_or_404(edit.definition, place)
    editor = Editor(edit.definition, place)
    if request.method != "POST":
        return _part_page(request, offering, edit, place, found, editor)
    action = str(request.POST.get("_do") or "save")
    if action.partition(":")[0] in {"up", "down", "copy", "remove", "add", "to"}:
        return _press(request, offering, edit, place)
    typed = read_part(request, editor, place, found)
    if editor.press(action, typed, specs_at(place, typed)):
        return _part_page(request, offering, edit, place, typed, editor, unsaved=True)
    if editor.errors:
        return _part_page(request, offering, edit, place, typed, editor, unsaved=True, status=422)
    return _save_part(request, offering, edit, place, typed)


def read_part(request: HttpRequest, editor: Editor, place: Place, found: Data) -> Data:
    """The part as it was typed."""
    kind = str(request.POST.get("type") or found.get("type") or "")
    old = found | {"type": kind} if len(place) > 1 and kind else dict(found)
    typed = editor.read(request.POST, old, specs_at(place, old))
    if not place:
        typed["steps"] = found["steps"]
    return typed


def _save_part(
    request: HttpRequest, offering: Offering, edit: FormEdit, place: Place, typed: Data
) -> HttpResponse:
    renamed = [0]

    def apply(data: Data, here: Place) -> Place:
        now = part_or_404(data, here)
        old, new = now.get("id"), typed.get("id")
        kept = {key: now[key] for key in ("steps", "questions") if key in now}
        now.clear()
        now.update(typed | kept)
        if len(here) > 1 and isinstance(old, str) and isinstance(new, str) and old != new != "":
            taken = [one.get("id") for _where, one in questions(data)].count(new) > 1
            renamed[0] = 0 if taken or not old else structure.rename(data, old, new)
        return here

    try:
        what = _("Changed: %(name)s") % {"name": show.name_of({"steps": [typed]}, (0,))}
        edit, place = actions.change(
            edit=edit, place=place, seen=seen(request), apply=apply, what=what, by=staff_of(request)
        )
    except SavedElsewhere as refusal:
        back = address(offering, place)
        return conflict(request, offering, refusal, typed, back, place=place)
    except DomainError as refusal:
        return refused(request, offering, refusal)
    messages.success(request, _("Saved."))
    if renamed[0]:
        said = ngettext(
            "%(count)s rule was changed to the new id.",
            "%(count)s rules were changed to the new id.",
            renamed[0],
        )
        messages.success(request, said % {"count": renamed[0]})
    return HttpResponseRedirect(address(offering, place))


def _part_page(
    request: HttpRequest,
    offering: Offering,
    edit: FormEdit,
    place: Place,
    found: Data,
    editor: Editor,
    *,
    unsaved: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = show.part(edit.definition, offering, place, found, editor, unsaved=unsaved)
    posted = seen(request) if unsaved else None
    context |= {
        "edit": edit,
        "lock": posted.lock if posted else edit.lock,
        "mark": posted.mark if posted else actions.own_mark(edit.definition, place),
        "crumbs": [
            {"url": address(offering, above), "label": show.name_of(edit.definition, above)}
            for above in (place[:depth] for depth in range(1, len(place)))
        ],
    }  # fmt: skip
    title = show.name_of(edit.definition, place) if place else _("Title and who may apply")
    return page(request, "cms/forms/part.html", offering, context, title=title, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def translations(request: HttpRequest, offering: Offering) -> HttpResponse:
    """The texts of a step side by side, and how many are missing in each."""
    edit = edit_or_404(offering)
    steps = len(edit.definition["steps"])
    raw = str(request.GET.get("step") or "1")
    number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 4 else 1
    number = min(number, steps)
    place: Place = (number - 1,) if number else ()
    here = reverse("cms_forms:translations", args=[offering.slug])
    if request.method == "POST":
        return _save_texts(request, offering, edit, place, f"{here}?step={number}")
    context = show.translations(edit.definition, place) | {"edit": edit, "number": number}
    return page(request, "cms/forms/translations.html", offering, context, title=_("Translations"))


def _save_texts(
    request: HttpRequest, offering: Offering, edit: FormEdit, place: Place, here: str
) -> HttpResponse:
    """Each text is put in when it is still as the page showed it; others are told."""
    languages = texts.languages_of(edit.definition)
    missed: list[str] = []

    def apply(data: Data, where: Place) -> Place:
        for name, found in show.texts_of(data, where).items():
            if f"{name}-{languages[0]}" not in request.POST:
                continue
            given = {code: typed_text(request.POST, f"{name}-{code}") for code in languages}
            if given == dict(found.by_language):
                continue
            if str(request.POST.get(f"{name}-mark") or "") != show.mark_of(found):
                missed.append(name)
                continue
            texts.put(data, found.path, texts.joined(given, same=found.same))
        return where

    try:
        actions.change(
            edit=edit, place=(), seen=actions.Seen(edit.lock, ""), what=_("Texts were changed"),
            apply=lambda data, _where: apply(data, place), by=staff_of(request),
        )  # fmt: skip
    except DomainError as refusal:
        return refused(request, offering, refusal)
    if missed:
        words = ngettext(
            "%(count)s text was left as it is: somebody else has changed it meanwhile.",
            "%(count)s texts were left as they are: somebody else has changed them meanwhile.",
            len(missed),
        )
        messages.warning(request, words % {"count": len(missed)})
    else:
        messages.success(request, _("Saved."))
    return HttpResponseRedirect(here)


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def yaml_page(request: HttpRequest, offering: Offering) -> HttpResponse:
    """The form as YAML: to take along, and to bring another one."""
    edit = edit_or_404(offering)
    context: dict[str, Any] = {"edit": edit, "lock": edit.lock}
    status = 200
    if request.method == "POST":
        context["lock"] = seen(request).lock
        source, problem = source_of(request)
        context["source"] = source
        try:
            if problem:
                raise InvalidInput({"source": [problem]}, problem)
            data = yaml_text.read(source)
            actions.replace(edit=edit, lock=seen(request).lock, data=data, by=staff_of(request))
        except SavedElsewhere as refusal:
            back = reverse("cms_forms:yaml", args=[offering.slug])
            return conflict(request, offering, refusal, data, back)
        except InvalidInput as refusal:
            context["error"], status = str(refusal), 422
        except Conflict as refusal:
            return refused(request, offering, refusal)
        else:
            messages.success(request, _("The form was taken over. Nothing is published yet."))
            return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))
    else:
        context["source"] = yaml_text.write(edit.definition)
    return page(request, "cms/forms/yaml.html", offering, context, title="YAML", status=status)


@require_safe
@of_form()
def yaml_download(request: HttpRequest, offering: Offering) -> HttpResponse:
    edit = edit_of(offering)
    data = edit.definition if edit else shaped(offering.form_version.definition)
    response = HttpResponse(yaml_text.write(data), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{offering.slug}.yaml"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@of_form("publish")
def publish(request: HttpRequest, offering: Offering) -> HttpResponse:
    """What is new, what stands in the way, the note, and the button."""
    edit = edit_or_404(offering)
    found = checks.look(edit.definition, offering)
    context: dict[str, Any] = {"lock": edit.lock, "note": "", "problems": found.problems}
    status = 200
    if request.method == "POST":
        context |= {"lock": seen(request).lock, "note": str(request.POST.get("note") or "")[:2000]}
        try:
            if request.POST.get("_do") == "go-on":
                edit = actions.go_on_from_published(edit=edit, by=staff_of(request))
                context["lock"] = edit.lock
            else:
                version = actions.publish(
                    edit=edit, lock=context["lock"], note=context["note"], by=staff_of(request)
                )
                words = _("Version %(number)s of the form is published.")
                messages.success(request, words % {"number": version.number})
                return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))
        except checks.CannotWork as refusal:
            context["problems"], status = refusal.problems, 422
        except InvalidInput as refusal:
            context["note_error"], status = str(refusal), 422
        except SavedElsewhere as refusal:
            context["error"], status, context["lock"] = str(refusal), 409, refusal.edit.lock
        except Conflict as refusal:
            if refusal.code != "base_changed":
                return refused(request, offering, refusal)
            context["error"], status = str(refusal), 409
    changed = offering.form_version_id != edit.base_version_id
    context |= {
        "edit": edit,
        "base_changed": changed,
        "since": differences(
            shaped(edit.base_version.definition), shaped(offering.form_version.definition)
        ) if changed else [],
        "differences": differences(
            shaped(copy.deepcopy(offering.form_version.definition)), edit.definition
        ),
        "problems": show.problem_links(edit.definition, offering, context["problems"]),
    }  # fmt: skip
    return page(
        request, "cms/forms/publish.html", offering, context, title=_("Publish"), status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def discard(request: HttpRequest, offering: Offering) -> HttpResponse:
    edit = edit_or_404(offering)
    if request.method == "POST":
        try:
            actions.discard(edit=edit, lock=seen(request).lock, by=staff_of(request))
        except Conflict as refusal:
            return refused(request, offering, refusal)
        messages.success(request, _("What was prepared is discarded. The published form stays."))
        return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))
    context = {"edit": edit, "lock": edit.lock}
    return page(request, "cms/forms/discard.html", offering, context, title=_("Discard"))
