"""The bodies outside the town that its services ask for opinions, and where to reach them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from audit import ledger
from cases import declared
from cases.models import ConsultedBody
from catalogue.models import Offering
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed
from common.text import Text
from identity.models import User
from identity.roles import Role, has_role


def known() -> list[ConsultedBody]:
    """Every body that was asked, or that a service of the town may ask (not saved yet)."""
    rows = {row.key: row for row in ConsultedBody.objects.all()}
    for key, name in _declared().items():
        rows.setdefault(key, ConsultedBody(key=key, name=name))
    return [rows[key] for key in sorted(rows)]


def _declared() -> dict[str, Text]:
    return {
        each.body: each.name
        for offering in Offering.objects.only("workflow_version_id")
        for each in offering.workflow.consultations
        if each.body
    }


@transaction.atomic
def change(*, key: str, email: str, by: User) -> ConsultedBody:
    """Enter the address of a body; empty: it is asked on paper.

    Raises `NotAllowed`, `InvalidInput` (named by the body's key).
    """
    if not has_role(by, Role.ADMIN):
        raise NotAllowed(_("This is for administrators."), code="role")
    names = {row.key: row.name for row in known()}
    if key not in names:
        raise InvalidInput({"": [_("There is no such body.")]})
    email = email.strip().lower()
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise InvalidInput(
            {key: [_("Write an e-mail address, for example name@example.jp.")]}
        ) from None
    body = declared.body_of(key, names[key])
    body.email = email
    body.save(update_fields=["email"])
    ledger.record(
        event="consulted_body.changed",
        by=Actor.of(by),
        object_kind="consulted_body",
        object_id=key,
    )
    return body
