"""What a helper at the counter may have in front of them: what is of their session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cases.models import Case
from cases.queries import case_of_draft
from common.database import one_or_none
from forms.models import Attachment, Draft, Upload
from identity.models import Helping, User

_OF_DRAFT: dict[str, tuple[Any, str]] = {
    "draft_id": (Draft, "representation_id"),
    "upload_id": (Upload, "draft__representation_id"),
    "attachment_id": (Attachment, "draft__representation_id"),
}


def belongs(helping: Helping, ids: Mapping[str, Any]) -> bool:
    """Whether everything that an address names is of this session. One statement for each."""
    for name, (model, path) in _OF_DRAFT.items():
        if name not in ids:
            continue
        found = model.objects.filter(pk=ids[name], **{path: helping.representation_id})
        if not found.exists():
            return False
    return True


def sent_by(helper: User, draft_id: Any) -> Case | None:
    """What became of a draft that this member of staff filled in and sent."""
    if draft_id is None:
        return None
    draft = one_or_none(
        Draft.objects.filter(pk=draft_id, representation__owner=helper, state=Draft.State.SENT)
    )
    return case_of_draft(draft.pk) if draft is not None else None
