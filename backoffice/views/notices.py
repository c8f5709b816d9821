"""For administrators: how notices are worded, which did not arrive, and who else is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from common.errors import Conflict, InvalidInput, listed
from identity.access import staff_required
from identity.models import Role
from notifications import editing, queries, wording
from notifications.channels import webhook as webhooks
from notifications.models import Delivery
from notifications.notice import LANGUAGES, Notice
from notifications.notice import notices as known

MOST_BOUNCED = 50
_CASE = re.compile(r"/applications/([0-9a-f-]{36})/")
_LANGUAGE_NAMES = {"ja": "日本語", "en": "English"}


@require_safe
@staff_required(Role.ADMIN)
def notices(request: HttpRequest) -> HttpResponse:
    """Every notice and whose wording it has; mail that came back; the town's own system."""
    return _overview(request)


def _overview(request: HttpRequest, *, status: int = 200, **extra: Any) -> HttpResponse:
    context = {
        **frame(request, "notices"),
        "lines": editing.overview((get_language() or "ja").split("-")[0]),
        "bounced": [_came_back(row) for row in queries.came_back()[:MOST_BOUNCED]],
        "target": webhooks.target(),
        **extra,
    }
    return render(request, "backoffice/notices.html", context, status=status)


def _came_back(delivery: Delivery) -> dict[str, Any]:
    message = delivery.message
    case = _CASE.match(message.path)
    return {
        "at": delivery.bounced_at,
        "subject": message.subject,
        "number": message.context.get("receipt_number", ""),
        "case_id": case[1] if case else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.ADMIN)
def notice_wording(request: HttpRequest, notice: str) -> HttpResponseBase:
    """Change a notice's words: look first, then save; or take the platform's again."""
    if notice not in known:
        raise Http404
    of = known.get(notice)
    own = wording.own_of(notice)
    texts = editing.texts_of(of, own)
    if request.method != "POST":
        return _editor(request, of, texts)
    seen = request.POST.get("seen", "")
    try:
        if "revert" in request.POST:
            editing.revert(notice=of, seen=seen, by=reader_of(request))
            messages.success(request, _("The platform's text is used again."))
            return redirect("desk:notices")
        texts = {
            language: (
                request.POST.get(f"subject-{language}", ""),
                request.POST.get(f"body-{language}", "").replace("\r\n", "\n"),
            )
            for language in LANGUAGES
        }
        if "preview" in request.POST:
            errors = editing.check(of, texts)
            looks = [] if errors else _looks(of, texts)
            return _editor(
                request, of, texts, errors=errors, looks=looks, status=422 if errors else 200
            )
        editing.save(notice=of, texts=texts, seen=seen, by=reader_of(request))
    except InvalidInput as refusal:
        return _editor(request, of, texts, errors=refusal.errors, status=422)
    except Conflict as refusal:
        return _editor(request, of, texts, conflict=str(refusal), status=409)
    messages.success(request, _("Saved. From now on the notice reads like this."))
    return redirect("desk:notices")


def _looks(of: type[Notice], texts: editing.Texts) -> list[dict[str, Any]]:
    return [
        {
            "language": language,
            "name": _LANGUAGE_NAMES[language],
            "inbox": editing.preview(of, texts, language, private=True),
            "mail": editing.preview(of, texts, language, private=False),
        }
        for language in LANGUAGES
    ]


def _editor(
    request: HttpRequest,
    of: type[Notice],
    texts: editing.Texts,
    *,
    errors: Mapping[str, list[str]] | None = None,
    looks: list[dict[str, Any]] | None = None,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    said = errors or {}
    own = wording.own_of(of.kind)
    parts = [
        {
            "language": language,
            "name": _LANGUAGE_NAMES[language],
            "subject": texts[language][0],
            "body": texts[language][1],
            "subject_errors": said.get(f"subject-{language}", ()),
            "body_errors": said.get(f"body-{language}", ()),
            "platform": wording.platform_text(of, language),
            "is_older": own is not None and wording.is_outdated(of, own, language),
        }
        for language in LANGUAGES
    ]
    context = {
        **frame(request, "notices"),
        "kind": of.kind,
        "title": wording.platform_text(of, (get_language() or "ja").split("-")[0])[0],
        "parts": parts,
        "fields": wording.fields_of(of).values(),
        "own": own,
        # After a conflict the page shows the other's stamp: saving again is a decision.
        "seen": request.POST.get("seen", editing.stamp(own))
        if not conflict
        else editing.stamp(own),
        "looks": looks or [],
        "conflict": conflict,
        "error_list": listed(said),
    }
    return render(request, "backoffice/notice_wording.html", context, status=status)


@require_POST
@never_cache
@staff_required(Role.ADMIN)
def webhook(request: HttpRequest) -> HttpResponseBase:
    """Set or remove the address; a new secret is shown once."""
    if "remove" in request.POST:
        editing.remove_webhook(by=reader_of(request))
        messages.success(request, _("Removed. No other system is told any more."))
        return redirect("desk:notices")
    url = request.POST.get("url", "")
    try:
        secret = editing.set_webhook(url=url, by=reader_of(request))
    except InvalidInput as refusal:
        return _overview(
            request, status=422, url_error=refusal.errors["url"][0], typed_url=url[:500]
        )
    return _overview(request, secret=secret)
