"""Who is at the desk, and which case they may have in front of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase

from cases import queries
from cases.models import Case
from common.errors import NotFound
from identity.access import staff_required
from identity.models import Role, User

#: Who works at the desk. An administrator of the municipality holds every role.
DESK_ROLES = (Role.CASEWORKER, Role.LEAD, Role.CONSULTEE)

View = Callable[..., HttpResponseBase]

at_the_desk = staff_required(*DESK_ROLES)


def reader_of(request: HttpRequest) -> User:
    """The signed-in member of staff; only behind `staff_required`."""
    if not isinstance(request.user, User):
        raise TypeError("a desk page was reached without a user")
    return request.user


def with_case(view: View) -> View:
    """Hand the case of the address to the view. Anything the reader may not read is a 404."""

    @at_the_desk
    @wraps(view)
    def guarded(
        request: HttpRequest, case_id: uuid.UUID, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        try:
            case: Case = queries.case_for_staff(reader_of(request), case_id)
            return view(request, case, *args, **kwargs)
        except NotFound as error:
            raise Http404 from error

    return guarded
