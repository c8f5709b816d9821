"""The language of the sandbox's pages: ``?lang=``, else the browser's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.utils import translation

LANGUAGES = ("ja", "en")


@contextmanager
def spoken(request: HttpRequest, preferred: str = "") -> Iterator[str]:
    """Activate the visitor's language for a page: asked for, preferred, or the browser's."""
    for language in (request.GET.get("lang"), preferred, translation.get_language()):
        if language and language.split("-")[0] in LANGUAGES:
            chosen = language.split("-")[0]
            break
    else:
        chosen = LANGUAGES[0]
    with translation.override(chosen):
        yield chosen
