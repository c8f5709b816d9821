"""A service at a glance: what the template says, what the municipality does, what waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue import overlay as overlays
from catalogue.models import Offering
from catalogue.overlay import PARTS
from cms.models import FormEdit, OverlayEdit
from cms.overlays import actions
from cms.overlays.words import NAMES, Words

SHOWN = 5


@dataclass
class Area:
    """Something of a service that can be changed: `lines` are what differs from the template."""

    name: str
    url: str
    is_own: bool
    waits: bool
    now: str = ""
    # (name, the template's, the municipality's)
    lines: list[tuple[str, str, str]] = field(default_factory=list)


def glance(offering: Offering, form_edit: FormEdit | None, *, may_publish: bool) -> dict[str, Any]:
    """For the page of a service."""
    edit = actions.edit_of(offering)
    words, now = Words(offering), overlays.of(offering)
    prepared = actions.prepared(offering, edit)
    differ = words.differences(words.of_template, now)
    areas = [_form(offering, form_edit)]
    for part in PARTS:
        own = [(each.name, each.before, each.after) for each in differ if each.part == part]
        lines = words.lines(part, now)
        said = lines[0] if lines and part in _IN_A_WORD else ("", "")
        if said[0] in [name for name, _before, _after in own]:
            said = ("", "")
        allowed = may_publish or part != "sign_in"
        areas.append(
            Area(
                str(NAMES[part]), address(offering, part) if allowed else "", bool(own),
                now.part(part) != prepared.part(part),
                said[1], own,
            )
        )  # fmt: skip
    template = offering.template.service.version
    return {
        "areas": areas,
        "settings_edit": edit,
        "template_version": template,
        "is_behind": template != offering.template_version,
        "settings_published": OverlayEdit.objects.filter(
            offering=offering, state=OverlayEdit.State.PUBLISHED
        ).select_related("edited_by").order_by("-saved_at")[:SHOWN],
    }  # fmt: skip


#: Parts whose first line says it all.
_IN_A_WORD = frozenset({"department", "clock", "fees", "sign_in"})


def _form(offering: Offering, edit: FormEdit | None) -> Area:
    own = bool(offering.settings.get("own_form"))
    said = _("Version %(number)s") % {"number": offering.form_version.number}
    return Area(_("Application form"), "#parts", own, edit is not None, said)


def address(offering: Offering, part: str) -> str:
    """The page of a part."""
    if part == "sign_in":
        return reverse("cms_forms:sign_in", args=[offering.slug])
    return reverse("cms_forms:settings", args=[offering.slug, part])
