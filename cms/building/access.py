"""Who may change and publish the form of a service: whoever may its pages on the website."""

from __future__ import annotations

from typing import Any, Literal

from wagtail.permission_policies.pages import PagePermissionPolicy

from catalogue.models import Offering
from cms.models import ServicePage

Action = Literal["change", "publish"]


def may(user: Any, action: Action, offering: Offering) -> bool:
    """By Wagtail's permissions on the service's pages; the administrator may everything."""
    if user.is_superuser:
        return True
    return offering.pk in _of(user, action)


def offerings(user: Any) -> list[Offering]:
    """Services whose form this user may change, in order."""
    found = list(Offering.objects.select_related("form_version"))
    if user.is_superuser:
        return found
    allowed = _of(user, "change")
    return [offering for offering in found if offering.pk in allowed]


def _of(user: Any, action: Action) -> set[Any]:
    policy = PagePermissionPolicy(ServicePage)
    pages = policy.instances_user_has_permission_for(user, action)
    return set(ServicePage.objects.filter(pk__in=pages).values_list("offering_id", flat=True))
