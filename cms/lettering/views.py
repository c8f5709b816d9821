"""Letters in the administration: their words by language, prepared texts, seals.

Whoever may publish a service's pages may publish its letters.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin import messages

from cases import letter_words
from catalogue import letter_fields, prepared_texts
from catalogue.models import Offering
from cms import seals as pictures
from cms.building import access
from cms.building.http import staff_of
from cms.lettering import sample
from cms.lettering.naming import OUTCOMES
from cms.models import Branding, Office
from common.actor import Actor
from common.errors import Conflict, InvalidInput
from documents import wordings
from documents.models import LetterWording

View = Callable[..., HttpResponse]

LANGUAGES = [code for code, _name in settings.LANGUAGES]


def of_service(view: View) -> View:
    """The view gets the offering; only for those who may publish the service's pages."""

    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
        offering = get_object_or_404(Offering.objects.select_related("form_version"), slug=slug)
        if not access.may(request.user, "publish", offering):
            raise PermissionDenied
        if kwargs.get("outcome", "approved") not in OUTCOMES:
            raise Http404
        if "outcome" in kwargs and kwargs["outcome"] not in letter_words.outcomes_of(offering):
            raise Http404
        return view(request, offering, **kwargs)

    return guarded


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every service with its letters and who published their words."""
    offerings = [one for one in access.offerings(request.user) if _may(request, one)]
    own: dict[str, LetterWording] = {}
    for row in LetterWording.objects.select_related("published_by").order_by("number"):
        own[row.key] = row
    rows = [
        (
            offering,
            [
                (outcome, OUTCOMES[outcome], own.get(letter_words.key_of(offering, outcome)))
                for outcome in letter_words.outcomes_of(offering)
            ],
        )
        for offering in offerings
    ]
    context = {"rows": rows, "page_title": _("Letters"), "header_icon": "doc-full"}
    return render(request, "cms/letters/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@of_service
def edit(request: HttpRequest, offering: Offering, outcome: str) -> HttpResponse:
    """The words of one letter in every language, with the fields there are. Posted: publish."""
    key = letter_words.key_of(offering, outcome)
    now = wordings.current(key)
    words = letter_words.words_of(offering, outcome, now)
    texts = _typed(request) if request.method == "POST" else words.as_texts(LANGUAGES)
    base = now.number if now else 0
    status, problem = 200, ""
    found: list[wordings.Found] = []
    if request.method == "POST":
        base = _number(request.POST.get("base", ""))
        try:
            published = wordings.publish(
                key=key,
                texts=texts,
                languages=LANGUAGES,
                known=_known(offering, outcome),
                note=str(request.POST.get("note") or ""),
                base=base,
                by=staff_of(request),
            )
        except wordings.CannotPublish as refusal:
            found, status, problem = refusal.found, 422, str(refusal)
        except Conflict as refusal:
            status, problem = 409, str(refusal)
            base = now.number if now else 0
        else:
            said = _("Version %(number)s is published. Decisions from now on are told in it.")
            messages.success(request, said % {"number": published.number})
            return HttpResponseRedirect(request.path)
    context = {
        "outcome": outcome,
        "languages": [
            (code, name, _parts(texts[code], found, code)) for code, name in settings.LANGUAGES
        ],
        "fields": list(_known(offering, outcome).items()),
        "found": found,
        "problem": problem,
        "base": base,
        "note": request.POST.get("note", ""),
        "now": now,
        "versions": list(wordings.of_key(key)),
        "theirs": words.as_texts(LANGUAGES) if status == 409 else None,
    }
    return _page(
        request, "cms/letters/edit.html", offering, context, OUTCOMES[outcome], status=status
    )


@require_POST
@of_service
def preview(request: HttpRequest, offering: Offering, outcome: str) -> Any:
    """The letter as it is being written, as PDF. Fields that do not exist are left out."""
    language = str(request.POST.get("language") or "ja")
    if language not in LANGUAGES:
        raise Http404
    words = letter_words.from_texts(offering, outcome, _typed(request))
    pdf = sample.preview(offering, outcome, words, language).as_pdf()
    response = FileResponse(io.BytesIO(pdf), filename="preview.pdf", content_type="application/pdf")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@of_service
def version(request: HttpRequest, offering: Offering, outcome: str, number: int) -> HttpResponse:
    """A version as it was published."""
    key = letter_words.key_of(offering, outcome)
    found = get_object_or_404(
        LetterWording.objects.select_related("published_by"), key=key, number=number
    )
    context = {
        "outcome": outcome,
        "version": found,
        "languages": [
            (code, name, _parts(found.texts.get(code, {}), [], code))
            for code, name in settings.LANGUAGES
        ],
    }
    title = _("Version %(number)s") % {"number": number}
    return _page(request, "cms/letters/version.html", offering, context, title)


@require_http_methods(["GET", "HEAD", "POST"])
@of_service
def prepared(request: HttpRequest, offering: Offering) -> HttpResponse:
    """The conditions and grounds of refusal that caseworkers can pick, one a line."""
    errors: dict[str, list[str]] = {}
    status = 200
    lines = {kind: "\n".join(prepared_texts.own(offering, kind)) for kind in prepared_texts.KINDS}
    if request.method == "POST":
        lines = {kind: str(request.POST.get(kind) or "") for kind in prepared_texts.KINDS}
        by = Actor.of(staff_of(request))
        for kind in prepared_texts.KINDS:
            try:
                prepared_texts.keep(
                    offering=offering, kind=kind, lines=lines[kind].splitlines(), by=by
                )
            except InvalidInput as refusal:
                errors |= {name: list(said) for name, said in refusal.errors.items()}
        if not errors:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(request.path)
        status = 422
    service = offering.template.service
    context = {
        "kinds": [
            (
                "conditions",
                _("Conditions of an approval"),
                service.standard_conditions,
                lines["conditions"],
                errors.get("conditions"),
            ),
            (
                "grounds",
                _("Grounds of a refusal"),
                service.standard_grounds,
                lines["grounds"],
                errors.get("grounds"),
            ),
        ],
    }
    title = _("Prepared texts")
    return _page(request, "cms/letters/prepared.html", offering, context, title, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def seals(request: HttpRequest) -> HttpResponse:
    """The town's seal and those of its offices: upload or take away. For administrators."""
    if not request.user.is_superuser:
        raise PermissionDenied
    branding = Branding.objects.first() or Branding()
    offices = list(Office.objects.select_related("department"))
    owners: dict[str, Branding | Office] = {"town": branding}
    owners |= {office.department.key: office for office in offices}
    error, status, wrong = "", 200, ""
    if request.method == "POST":
        wrong = str(request.POST.get("of") or "")
        owner = owners.get(wrong)
        if owner is None or owner.pk is None:
            raise Http404
        try:
            owner.seal_image = "" if request.POST.get("remove") else _uploaded(request)
            owner.save()
        except ValidationError as refusal:
            error, status = " ".join(refusal.messages), 422
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(request.path)
    rows = [("town", _("The municipality"), branding.seal_image)]
    rows += [
        (office.department.key, str(office.department.name), office.seal_image)
        for office in offices
    ]
    context = {
        "rows": [(key, name, image, error if key == wrong else "") for key, name, image in rows],
        "page_title": _("Official seals"),
        "header_icon": "doc-full",
    }
    return render(request, "cms/letters/seals.html", context, status=status)


def _uploaded(request: HttpRequest) -> str:
    upload = request.FILES.get("file")
    if upload is None:
        raise ValidationError(_("Choose the file first."))
    return pictures.read(upload)


def _may(request: HttpRequest, offering: Offering) -> bool:
    return access.may(request.user, "publish", offering)


def _known(offering: Offering, outcome: str) -> dict[str, str]:
    return letter_fields.known(
        offering.form_version.form, revocation=outcome == letter_words.REVOKED
    )


def _typed(request: HttpRequest) -> dict[str, dict[str, str]]:
    """The texts as they were posted."""
    return {
        language: {
            part: str(request.POST.get(f"{language}-{part}") or "").replace("\r\n", "\n")
            for part in wordings.PARTS
        }
        for language in LANGUAGES
    }


def _parts(
    texts: dict[str, str], found: list[wordings.Found], language: str
) -> list[tuple[str, str, str, int, list[str]]]:
    """Name, label, text, most characters and what is wrong with it, of each part."""
    return [
        (
            part,
            str(wordings.PART_NAMES[part]),
            texts.get(part, ""),
            most,
            [one.message for one in found if (one.language, one.part) == (language, part)],
        )
        for part, most in wordings.PARTS.items()
    ]


def _number(typed: str | None) -> int:
    given = typed or ""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 8 else -1


def _page(
    request: HttpRequest,
    template: str,
    offering: Offering,
    context: dict[str, Any],
    title: Any,
    *,
    status: int = 200,
) -> HttpResponse:
    crumbs = [
        {"url": reverse("cms_letters:index"), "label": _("Letters")},
        {"url": "", "label": f"{offering.title} – {title}"},
    ]
    base = {
        "offering": offering,
        "breadcrumbs_items": crumbs,
        "header_title": f"{offering.title} – {title}",
        "header_icon": "doc-full",
    }
    return render(request, template, base | context, status=status)
