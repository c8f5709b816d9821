"""What somebody saw on the check page, in a mark that the page gives back when it is sent.

One short digest for each step with its answers and files, for the fee, and for whom it is: so what
is sent is what was checked, and where it is not the page can say what has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from catalogue.models import Offering
from catalogue.queries import fee_of
from common.errors import Conflict
from forms import drafts
from forms.models import Draft

CODE = "answers_changed"
_FEE, _WHOM = "fee:", "whom:"


def mark_of(draft: Draft, offering: Offering) -> str:
    """The mark of the draft as it is now. Raises `TamperedValue`."""
    return " ".join(f"{part}={digest}" for part, digest in _parts(draft, offering).items())


def check(mark: str, draft: Draft, offering: Offering) -> None:
    """Raises `Conflict` where the draft is not what the page with this mark showed.

    No mark: a page that was made before there were any.
    """
    if mark and mark != mark_of(draft, offering):
        raise Conflict(
            _("Your application has changed since you opened this page. It was not sent."),
            code=CODE,
        )


def changed(mark: str, draft: Draft, offering: Offering) -> list[str]:
    """In words, what is not as it was when the page with this mark was made."""
    shown = dict(part.partition("=")[::2] for part in mark.split())
    now = _parts(draft, offering)
    different = {part for part in shown.keys() | now.keys() if shown.get(part) != now.get(part)}
    said = [str(step.title) for step in draft.form.steps if step.id in different]
    return [*said, *([_("Fee")] if _FEE in different else [])]


def _parts(draft: Draft, offering: Offering) -> dict[str, str]:
    answers = drafts.answers_of(draft)
    by_step: dict[str, dict[str, Any]] = {}
    for name, value in answers.items():
        by_step.setdefault(draft.prepared.nodes[name].step_id, {})[name] = value
    parts: Mapping[str, Any] = {
        **by_step,
        _FEE: fee_of(offering, draft.form, answers).as_json(),
        _WHOM: [str(draft.version_id), str(draft.representation_id or "")],
    }
    return {part: _digest(content) for part, content in parts.items()}


def _digest(content: Any) -> str:
    packed = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()[:16]
