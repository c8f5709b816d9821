"""Is this paper genuine and valid? For everybody, and nothing about the person."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from documents.queries import Verification, by_code, by_file

LONGEST_CODE = 60
LARGEST_FILE = 10_000_000


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Type the code of a paper, or bring the PDF."""
    if request.method == "POST":
        return _file(request)
    code = request.GET.get("code", "").strip().replace("/", "")[:LONGEST_CODE]
    if code:
        return redirect("portal:verify", code=code)
    return render(request, "portal/verify_ask.html", {"empty": "code" in request.GET})


def _file(request: HttpRequest) -> HttpResponse:
    """The file's checksum is compared; nothing of it is read or kept."""
    upload = request.FILES.get("file")
    problem = ""
    if upload is None:
        problem = _("Choose the file first.")
    elif (upload.size or 0) > LARGEST_FILE:
        problem = _("The file is too large.")
    if upload is None or problem:
        context = {"empty": False, "file_problem": problem}
        return render(request, "portal/verify_ask.html", context, status=422)
    sha256 = hashlib.sha256()
    for chunk in upload.chunks():
        sha256.update(chunk)
    return _answer(request, by_file(sha256.hexdigest()), "", with_file=True)


@require_safe
@never_cache
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """The answer; it looks the same whoever asks. An unknown code is an answer, not a 404."""
    found = by_code(code[:LONGEST_CODE])
    return _answer(request, found, found.code or code[:LONGEST_CODE])


def _answer(
    request: HttpRequest, found: Verification, code: str, *, with_file: bool = False
) -> HttpResponse:
    context = {"found": found, "code": code, "by_file": with_file}
    response = render(request, "portal/verify.html", context)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
