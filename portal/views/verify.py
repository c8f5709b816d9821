"""Is this paper genuine and valid? For everybody, and nothing about the person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from documents.queries import by_code

LONGEST_CODE = 60


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """Type the code of a paper."""
    code = request.GET.get("code", "").strip().replace("/", "")[:LONGEST_CODE]
    if code:
        return redirect("portal:verify", code=code)
    return render(request, "portal/verify_ask.html", {"empty": "code" in request.GET})


@require_safe
@never_cache
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """The answer; it looks the same whoever asks. An unknown code is an answer, not a 404."""
    found = by_code(code[:LONGEST_CODE])
    response = render(
        request, "portal/verify.html", {"found": found, "code": found.code or code[:LONGEST_CODE]}
    )
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
