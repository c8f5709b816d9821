"""Whose are answers that were posted when a session had ended (`identity.parked`)."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q
from django.urls import Resolver404, resolve
from django.utils import translation

from cases.models import Case
from forms.models import Draft
from identity.models import User


def may_take(user: User, path: str) -> bool:
    """Whether the form at `path` may be the user's: their own, or what was begun without signing in
    and may become theirs. At most one statement."""
    language = translation.get_language_from_path(path) or settings.LANGUAGE_CODE
    with translation.override(language):
        try:
            ids = resolve(path).kwargs
        except Resolver404:
            return False
    if "draft_id" in ids:
        drafts = Draft.objects.filter(Q(resident=user) | ~Q(guest=""), pk=ids["draft_id"])
        return drafts.exists()
    if "case_id" in ids:
        sent = Q(resident=user) | Q(application__without_sign_in=True)
        return Case.objects.filter(sent, pk=ids["case_id"]).exists()
    return True
