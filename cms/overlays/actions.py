"""Changing, publishing and discarding a municipality's own settings of a service."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit import ledger
from catalogue import overlay as overlays
from catalogue import overlay_checks, overlaying
from catalogue.models import Offering
from catalogue.overlay import Overlay
from cms import preparing
from cms.models import OverlayEdit
from common.actor import Actor
from common.errors import Conflict, InvalidInput
from forms.building.places import fingerprint
from identity.models import User


class SavedElsewhere(Conflict):
    """Somebody else saved the same part; `now` is how everything is by now."""

    def __init__(self, now: Overlay) -> None:
        super().__init__(
            _("Somebody else has changed the same part in the meantime. Nothing was overwritten."),
            code="saved_elsewhere",
        )
        self.now = now


class BothChanged(Conflict):
    """Others published another value of `parts` since the preparation began."""

    def __init__(self, parts: list[str]) -> None:
        super().__init__(
            _("Others have published the same settings in the meantime. Look at theirs first."),
            code="base_changed",
        )
        self.parts = parts


def edit_of(offering: Offering) -> OverlayEdit | None:
    """The settings in preparation, if there are any."""
    found = OverlayEdit.objects.select_related("edited_by")
    return found.filter(offering=offering, state=OverlayEdit.State.OPEN).first()


def prepared(offering: Offering, edit: OverlayEdit | None) -> Overlay:
    """The settings as they would be published: what others changed elsewhere is among them."""
    in_force = overlays.of(offering)
    if edit is None:
        return in_force
    base, mine = Overlay.model_validate(edit.base), Overlay.model_validate(edit.overlay)
    return overlaying.merged(base, mine, in_force)[0]


def mark_of(overlay: Overlay, part: str) -> str:
    """Another one for another content: whether a page still shows what is kept."""
    return fingerprint(overlay.part(part))


@transaction.atomic
def save_part(
    *, offering: Offering, part: str, value: Any, seen: str, what: str, by: User
) -> OverlayEdit | None:
    """Prepare another value of a part. `seen` is the mark of what the editor's page showed.

    None when nothing was different and nothing is in preparation. Raises `SavedElsewhere`, and
    `InvalidInput` by field for what cannot work.
    """
    fresh = Offering.objects.select_for_update().get(pk=offering.pk)
    edit = edit_of(fresh)
    now = prepared(fresh, edit)
    if mark_of(now, part) != seen:
        raise SavedElsewhere(now)
    wanted = now.model_copy(update={part: value})
    if found := overlay_checks.problems(overlaying.around(fresh), wanted).get(part):
        raise InvalidInput(found)
    if wanted.part(part) == now.part(part):
        return edit
    return _save(fresh, edit, wanted, what=what, by=by)


@transaction.atomic
def replace(*, offering: Offering, overlay: Overlay, lock: int, by: User) -> OverlayEdit:
    """Put other settings in the place of all, as from YAML, right or not.

    Raises `SavedElsewhere` when others saved since the page with `lock` was made (-1: nothing was
    in preparation).
    """
    fresh = Offering.objects.select_for_update().get(pk=offering.pk)
    edit = edit_of(fresh)
    if lock != (edit.lock if edit else -1):
        raise SavedElsewhere(prepared(fresh, edit))
    return _save(fresh, edit, overlay, what=_("Taken over from YAML"), by=by)


def _save(
    offering: Offering, edit: OverlayEdit | None, overlay: Overlay, *, what: str, by: User
) -> OverlayEdit:
    in_force = overlays.of(offering)
    if edit is None:
        edit = OverlayEdit(offering=offering, base=in_force.as_json())
    else:
        base, mine = Overlay.model_validate(edit.base), Overlay.model_validate(edit.overlay)
        edit.base = _rebased(base, mine, in_force).as_json()
    edit.overlay = overlay.as_json()
    preparing.note_save(edit, what=what, by=by)
    edit.save()
    return edit


def _rebased(base: Overlay, mine: Overlay, theirs: Overlay) -> Overlay:
    """What `mine` began from, with the parts that only others have changed as these are now."""
    own = overlaying.changed(base, mine)
    others = [name for name in overlaying.changed(base, theirs) if name not in own]
    return base.model_copy(update={name: getattr(theirs, name) for name in others})


def _locked(edit: OverlayEdit, lock: int) -> tuple[OverlayEdit, Offering]:
    """Both rows. Raises `Conflict`."""
    offering = Offering.objects.select_for_update().get(pk=edit.offering_id)
    closed = _("These settings were published or discarded in the meantime. Nothing was changed.")
    found = preparing.locked(edit, closed=closed)
    if lock != found.lock:
        raise SavedElsewhere(prepared(offering, found))
    return found, offering


@transaction.atomic
def publish(*, edit: OverlayEdit, lock: int, note: str, by: User) -> Offering:
    """Put what was prepared in force, for what begins from now on.

    Raises `SavedElsewhere`, `BothChanged`, and `InvalidInput`: for an empty note, or by part with
    what cannot work.
    """
    found, offering = _locked(edit, lock)
    base, mine = Overlay.model_validate(found.base), Overlay.model_validate(found.overlay)
    wanted, both = overlaying.merged(base, mine, overlays.of(offering))
    if both:
        raise BothChanged(both)
    note = preparing.note_of(note)
    changed = overlaying.put_in_force(offering=offering, overlay=wanted, by=Actor.of(by))
    found.overlay = wanted.as_json()
    preparing.close(found, state=OverlayEdit.State.PUBLISHED, by=by, note=note)
    return changed


@transaction.atomic
def go_on_from_published(*, edit: OverlayEdit, lock: int, by: User) -> OverlayEdit:
    """After looking at what others published: go on with what is prepared. Raises `Conflict`."""
    found, offering = _locked(edit, lock)
    wanted = prepared(offering, found)
    found.base, found.overlay = overlays.of(offering).as_json(), wanted.as_json()
    preparing.note_save(found, what=_("Compared with what was published since"), by=by)
    found.save()
    return found


@transaction.atomic
def discard(*, edit: OverlayEdit, lock: int, by: User) -> None:
    """Close the preparation without publishing. Raises `Conflict`."""
    found, offering = _locked(edit, lock)
    preparing.close(found, state=OverlayEdit.State.DISCARDED, by=by)
    ledger.record(
        event="offering.settings_discarded",
        by=Actor.of(by),
        object_kind="offering",
        object_id=str(offering.pk),
        data={"edit": str(found.pk), "saves": found.lock},
    )
