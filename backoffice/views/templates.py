"""Texts that a department keeps for its messages, correction requests and decisions."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import message_templates as kept
from cases.models import MessageTemplate
from catalogue import letter_fields
from common.errors import InvalidInput, listed
from identity.access import staff_required
from identity.models import Role


@require_safe
@staff_required(Role.LEAD)
def templates(request: HttpRequest) -> HttpResponse:
    """Every text of the departments that the reader leads."""
    mine = kept.departments_of(reader_of(request))
    rows = MessageTemplate.objects.filter(department__in=mine).select_related(
        "department", "changed_by"
    )
    return render(
        request, "backoffice/templates.html", {**frame(request, "templates"), "rows": rows}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.LEAD)
def template_new(request: HttpRequest) -> HttpResponse:
    """A new text of a department."""
    mine = kept.departments_of(reader_of(request))
    chosen = request.POST.get("department", "")
    department = next((each for each in mine if each.key == chosen), mine[0] if mine else None)
    if department is None:
        raise Http404
    return _edit(request, MessageTemplate(department=department), mine)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.LEAD)
def template(request: HttpRequest, template_id: uuid.UUID) -> HttpResponse:
    """Change a text, or take it away."""
    found = kept.get(template_id, reader_of(request))
    if found is None:
        raise Http404
    if "remove" in request.POST:
        kept.remove(template=found, by=reader_of(request))
        messages.success(request, _("The text is removed."))
        return redirect("desk:templates")
    return _edit(request, found, [])


def _edit(request: HttpRequest, row: MessageTemplate, departments: list[Any]) -> HttpResponse:
    errors: dict[str, list[str]] = {}
    name, purpose, texts = row.name, row.purpose, {code: dict(row.texts).get(code, "")
                                                   for code in kept.LANGUAGES}  # fmt: skip
    if request.method == "POST":
        name, purpose = request.POST.get("name", ""), request.POST.get("purpose", "")
        texts = {code: request.POST.get(f"text-{code}", "") for code in kept.LANGUAGES}
        try:
            kept.keep(template=row, name=name, purpose=purpose, texts=texts, by=reader_of(request))
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            messages.success(request, _("Saved."))
            return redirect("desk:templates")
    names = dict(settings.LANGUAGES)
    context = {
        **frame(request, "templates"),
        "row": row,
        "is_new": bool(departments),
        "departments": departments,
        "name": name,
        "purpose": purpose,
        "purposes": kept.Purpose.choices,
        "texts": [
            (code, names[code], texts[code], errors.get(f"text-{code}", []))
            for code in kept.LANGUAGES
        ],
        "fields": letter_fields.OF_A_MESSAGE.items(),
        "errors": errors,
        "error_list": listed(errors, "template-"),
    }
    return render(request, "backoffice/template.html", context, status=422 if errors else 200)
