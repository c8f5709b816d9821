"""Who the request is from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from identity.sessions import offering_owner

if TYPE_CHECKING:
    from identity.models import User


def _user(request: HttpRequest) -> Any:
    with offering_owner(request.session):  # type: ignore[arg-type]
        return auth.get_user(request)


class UserMiddleware(AuthenticationMiddleware):
    """As Django's; the user comes with the session, in one statement."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = cast("User", SimpleLazyObject(partial(_user, request)))
