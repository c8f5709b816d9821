"""Changing, publishing and discarding a form in preparation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from audit import ledger
from catalogue.models import Offering
from catalogue.queries import forget_offered
from cms import preparing
from cms.building import checks
from cms.building.checks import CannotWork
from cms.models import FormEdit
from common.actor import Actor
from common.errors import Conflict
from forms import versions
from forms.building import reasons
from forms.building.examining import Problem, loaded
from forms.building.places import Data, Place, fingerprint, part_at, parts, shaped
from forms.errors import DefinitionError
from forms.models import FormVersion
from identity.models import User

#: Changes the part at a place of the definition; returns the place to go on with.
Change = Callable[[Data, Place], Place]


class SavedElsewhere(Conflict):
    """Somebody else saved another version of the same part; `theirs` is what is kept now."""

    def __init__(self, edit: FormEdit, theirs: Data) -> None:
        super().__init__(
            _("Somebody else has changed the same part in the meantime. Nothing was overwritten."),
            code="saved_elsewhere",
        )
        self.edit = edit
        self.theirs = theirs


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page was made from: the counter of saves, and the part it showed."""

    lock: int
    mark: str


@transaction.atomic
def begin(*, offering: Offering, by: User) -> FormEdit:
    """The form in preparation of an offering; made from what is published when there is none."""
    locked = Offering.objects.select_for_update().get(pk=offering.pk)
    found = FormEdit.objects.filter(offering=locked, state=FormEdit.State.OPEN).first()
    if found is not None:
        return found
    version = locked.form_version
    return FormEdit.objects.create(
        offering=locked,
        base_version=version,
        definition=shaped(version.definition),
        edited_by=by,
    )


@transaction.atomic
def change(
    *, edit: FormEdit, place: Place, seen: Seen, apply: Change, what: str, by: User
) -> tuple[FormEdit, Place]:
    """Apply a change to the part at `place` and save, right or wrong.

    The part is found again when others have saved in the meantime. Raises `SavedElsewhere` when
    it is not as it was, `LookupError` when it is gone, `InvalidInput` when there is no room.
    """
    found = locked(edit)
    data = found.definition
    here = _place_now(found, place, seen)
    before = copy.deepcopy(data)
    target = apply(data, here)
    if fingerprint(data) != fingerprint(before):
        found.definition = before
        save(found, shaped(data), what=what, by=by)
    return found, target


def locked(edit: FormEdit) -> FormEdit:
    """The row, for this transaction alone. Raises `Conflict` when it is closed by now."""
    closed = _("This form was published or discarded in the meantime. Nothing was changed.")
    return preparing.locked(edit, closed=closed)


def _place_now(edit: FormEdit, place: Place, seen: Seen) -> Place:
    data = edit.definition
    if not place:
        if seen.lock != edit.lock and seen.mark and seen.mark != own_mark(data, place):
            raise SavedElsewhere(edit, data)
        return place
    try:
        now = part_at(data, place)
    except (LookupError, TypeError):
        now = None
    if now is not None and (seen.lock == edit.lock or own_mark(data, place) == seen.mark):
        return place
    moved = [where for where, _part in parts(data) if own_mark(data, where) == seen.mark]
    if len(moved) == 1:
        return moved[0]
    raise SavedElsewhere(edit, now if now is not None else {})


def own_mark(data: Data, place: Place) -> str:
    """Of what a page of the part can change: the questions of a step have pages of their own."""
    part = part_at(data, place)
    own = {key: value for key, value in part.items() if key not in {"steps", "questions"}}
    return fingerprint(own)


@transaction.atomic
def take_back(*, edit: FormEdit, lock: int, by: User) -> str:
    """Undo the newest change, once; how it is told. Raises `Conflict`."""
    found = locked(edit)
    if lock != found.lock or found.before is None:
        raise Conflict(
            _("There is no newest change of yours to take back. Nothing was changed."),
            code="nothing_to_take_back",
        )
    what = _("Taken back: %(what)s") % {"what": found.saves[-1]["what"]}
    save(found, found.before, what=what, by=by)
    FormEdit.objects.filter(pk=found.pk).update(before=None)
    return what


def save(edit: FormEdit, data: Data, *, what: str, by: User) -> None:
    """Keep the definition as it is now, with who changed what."""
    edit.before, edit.definition = edit.definition, data
    preparing.note_save(edit, what=what, by=by)
    edit.save()


@transaction.atomic
def replace(*, edit: FormEdit, lock: int, data: Data, by: User) -> FormEdit:
    """Put another definition in the place of the whole, as from YAML. Raises `SavedElsewhere`."""
    found = locked(edit)
    if lock != found.lock:
        raise SavedElsewhere(found, found.definition)
    save(found, data, what=_("Taken over from YAML"), by=by)
    return found


@transaction.atomic
def publish(*, edit: FormEdit, lock: int, note: str, by: User) -> FormVersion:
    """Publish what was prepared, as the form of the service from now on.

    Raises `Conflict` (others saved in between; another version was published in between) and
    `CannotWork` with every problem.
    """
    found = locked(edit)
    offering = Offering.objects.select_for_update().get(pk=found.offering_id)
    if lock != found.lock:
        raise SavedElsewhere(found, found.definition)
    if offering.form_version_id != found.base_version_id:
        raise Conflict(
            _("Another version of this form was published in the meantime. Look at it first."),
            code="base_changed",
        )
    note = preparing.note_of(note)
    version = _published(found, offering, note=note, by=by)
    offering.form_version = version
    # From now on a newer template does not replace it (`catalogue.offerings.adopt`).
    offering.settings = {**offering.settings, "own_form": True}
    offering.save(update_fields=["form_version", "settings"])
    forget_offered()
    found.published_version = version
    preparing.close(found, state=FormEdit.State.PUBLISHED, by=by, note=note)
    ledger.record(
        event="form.published",
        by=Actor.of(by),
        object_kind="offering",
        object_id=str(offering.pk),
        data={"form": version.key, "version": version.number, "edit": str(found.pk)},
    )
    return version


def _published(edit: FormEdit, offering: Offering, *, note: str, by: User) -> FormVersion:
    problems = checks.look(edit.definition, offering).problems
    if problems:
        raise CannotWork(problems)
    try:
        return versions.publish(loaded(edit.definition), note=note, by=Actor.of(by))
    except DefinitionError as error:  # the trial of the rules, in a process of its own
        raise CannotWork([Problem(error.path, reasons.reason(error.message))]) from None


@transaction.atomic
def go_on_from_published(*, edit: FormEdit, by: User) -> FormEdit:
    """After looking at what others published: go on with what is prepared, over that version."""
    found = locked(edit)
    found.base_version = Offering.objects.get(pk=found.offering_id).form_version
    save(found, found.definition, what=_("Compared with the version published since"), by=by)
    return found


@transaction.atomic
def discard(*, edit: FormEdit, lock: int, by: User) -> None:
    """Close the preparation without publishing. Raises `SavedElsewhere`."""
    found = locked(edit)
    if lock != found.lock:
        raise SavedElsewhere(found, found.definition)
    preparing.close(found, state=FormEdit.State.DISCARDED, by=by)
    ledger.record(
        event="form.discarded",
        by=Actor.of(by),
        object_kind="offering",
        object_id=str(found.offering_id),
        data={"edit": str(found.pk), "saves": found.lock},
    )
