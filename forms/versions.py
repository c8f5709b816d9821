"""Publishing forms, and the process's cache of forms made ready."""

from __future__ import annotations

from collections import OrderedDict

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from common.actor import Actor
from forms.definitions import FormDefinition
from forms.errors import DefinitionError
from forms.models import FormVersion
from forms.prepared import Prepared, prepare
from rules import RuleError, trial

#: Forms kept ready per process. A form is some 100 kB; a platform uses a few hundred.
MOST_READY = 512
LONGEST_NOTE = 500
_ready: OrderedDict[str, Prepared] = OrderedDict()
_tried: set[str] = set()


def publish(definition: FormDefinition, *, note: str = "", by: Actor | None = None) -> FormVersion:
    """Publish a form: the same content gives the same version, new content the next number.

    `note` says to colleagues what is different; it stays with the version, as who published it.
    Every rule is tried out in a process of its own first. Raises `DefinitionError`.
    """
    if len(note) > LONGEST_NOTE:
        raise DefinitionError(f"the note is longer than {LONGEST_NOTE} characters")
    digest = definition.digest()
    existing = FormVersion.objects.filter(key=definition.key, digest=digest).first()
    if existing is not None:
        return existing
    _try_rules(definition, digest)
    for _attempt in range(3):
        last = FormVersion.objects.filter(key=definition.key).aggregate(last=Max("number"))["last"]
        try:
            with transaction.atomic():
                return FormVersion.objects.create(
                    key=definition.key,
                    number=(last or 0) + 1,
                    definition=definition.as_json(),
                    digest=digest,
                    note=note.strip(),
                    published_by_id=by.id if by is not None and by.kind == "staff" else None,
                )
        except IntegrityError:  # somebody else published at the same moment
            existing = FormVersion.objects.filter(key=definition.key, digest=digest).first()
            if existing is not None:
                return existing
    raise DefinitionError("another version is being published at this moment; try again")


def _try_rules(definition: FormDefinition, digest: str) -> None:
    if digest in _tried:  # the same template adopted by many towns
        return
    try:
        trial.try_out(prepare(definition).rules_for_trial())
    except RuleError as error:
        raise DefinitionError(str(error)) from None
    _tried.add(digest)


def of_key(key: str) -> QuerySet[FormVersion]:
    """Every published version of a form, newest first, without the definitions."""
    return (
        FormVersion.objects.filter(key=key)
        .select_related("published_by")
        .defer("definition")
        .order_by("-number")
    )


def prepared_of(version: FormVersion) -> Prepared:
    """The version's form ready to run. Shared by every town that uses the same form."""
    ready = _ready.get(version.digest)
    if ready is None:
        # What was published was complete; languages a town added later do not unpublish it.
        form = FormDefinition.model_validate(version.definition, context={"languages": ()})
        ready = _ready[version.digest] = prepare(form)
        if len(_ready) > MOST_READY:
            _ready.popitem(last=False)
    return ready
