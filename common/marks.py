"""What a page showed, in a mark that it gives back when its button is pressed.

One short digest for each part of what was shown: so what is done is what was read, and where
something has changed meanwhile the page can say what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Conflict

#: The field in which a page gives back what it showed.
FIELD = "_checked"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a page shows: its name for people, and what must not change unseen."""

    label: str
    #: As JSON can say it.
    content: Any


#: By names without blanks.
Parts = Mapping[str, Part]


class Changed(Conflict):
    """Something is not as the page showed it; `labels` say what. Nothing was done."""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(
            _("Something has changed since you opened the page. Nothing was done."), code="changed"
        )
        self.labels = labels


def mark_of(parts: Parts) -> str:
    """What a page that shows `parts` gives back."""
    return " ".join(f"{name}={digest}" for name, digest in _digests(parts).items())


def check(mark: str, parts: Parts) -> None:
    """Raises `Changed` where `parts`, all or some, are not what the page with this mark showed.

    No mark: a page that was made before there were any.
    """
    if not mark:
        return
    shown = dict(part.partition("=")[::2] for part in mark.split())
    now = _digests(parts)
    changed = [part.label for name, part in parts.items() if shown.get(name) != now[name]]
    if changed:
        raise Changed(changed)


def _digests(parts: Parts) -> dict[str, str]:
    return {name: _digest(part.content) for name, part in parts.items()}


def _digest(content: Any) -> str:
    packed = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()[:16]
