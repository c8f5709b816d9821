"""The page on which somebody declares for whom they act: a short form for each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from catalogue import queries as catalogue
from catalogue.models import Offering
from catalogue.template import Behalf
from common.errors import InvalidInput
from common.text import Text
from forms import definitions
from forms.asking import Asked, ask
from forms.errors import FileRefused
from forms.prepared import Prepared, prepare
from forms.questions import MEGABYTE
from forms.state import evaluate
from forms.uploads.examine import SafeFile, examine, too_large
from identity.representation.actions import Declared

_FOLDER = Path(__file__).parent / "representations"
MOST_BYTES = 10 * MEGABYTE
#: The field of the paper, which is no question of the short form.
PAPER = "document"


@lru_cache(maxsize=8)
def form_of(kind: str) -> Prepared:
    """The questions about whom somebody acts for in this way."""
    source = (_FOLDER / f"{Behalf(kind).value}.yaml").read_text(encoding="utf-8")
    return prepare(definitions.load(yaml.safe_load(source)))


def title_of(kind: str) -> Text:
    return form_of(kind).form.title


@dataclass
class DeclaringPage:
    """What the template shows: the questions, the paper, the services it is limited to."""

    kind: str
    asked: Asked
    services: list[Offering]
    chosen: list[str] = field(default_factory=list)
    paper: SafeFile | None = None
    other_errors: dict[str, list[str]] = field(default_factory=dict)
    # What cannot be done, when it is not about one field.
    problem: str = ""

    @property
    def title(self) -> str:
        return str(title_of(self.kind))

    @property
    def wrong(self) -> bool:
        return bool(self.asked.messages or self.other_errors or self.problem)

    @property
    def other_error_list(self) -> list[dict[str, str]]:
        return [
            {"message": message, "anchor": name}
            for name, messages in self.other_errors.items()
            for message in messages
        ]

    def refuse(self, refusal: InvalidInput) -> None:
        """Put each message to its field."""
        known = self.asked.prepared.nodes
        self.asked.refuse({name: m for name, m in refusal.errors.items() if name in known})
        self.other_errors |= {name: m for name, m in refusal.errors.items() if name not in known}

    @property
    def declared(self) -> Declared:
        """What was typed, of a page that is done."""
        answers: dict[str, Any] = evaluate(self.asked.prepared, self.asked.answers).answers()
        return Declared(
            kind=self.kind,
            name=answers.get("name", ""),
            name_kana=answers.get("name_kana", ""),
            birth_date=_day(answers.get("birth_date")),
            address=answers.get("address"),
            organisation_number=answers.get("organisation_number", ""),
            basis=answers.get("basis", ""),
            services=self.chosen,
            valid_from=_day(answers.get("valid_from")),
            valid_until=_day(answers.get("valid_until")),
        )


def _day(answer: Any) -> date | None:
    return date.fromisoformat(answer) if answer else None


def page_of(request: HttpRequest, kind: str) -> DeclaringPage:
    """The page as it is opened, or after a POST: `asked.done` says that it can be declared."""
    post = request.POST if request.method == "POST" else None
    services = [
        offering
        for offering in catalogue.published()
        if Behalf(kind) in offering.template.service.on_behalf
    ]
    page = DeclaringPage(kind, ask(form_of(kind), {}, post), services)
    if post is None:
        wanted = request.GET.get("limit", "")
        page.chosen = [offering.slug for offering in services if offering.slug == wanted]
        return page
    offered = {offering.slug for offering in services}
    page.chosen = [slug for slug in post.getlist("services") if slug in offered]
    upload = request.FILES.get(PAPER)
    if isinstance(upload, UploadedFile):
        try:
            page.paper = examined(upload)
        except FileRefused as refused:
            page.other_errors[PAPER] = [str(refused)]
            page.asked.done = False
    return page


def examined(upload: UploadedFile) -> SafeFile:
    """A paper that somebody sends with a form: PDF or picture. Raises `FileRefused`."""
    if (upload.size or 0) > MOST_BYTES:
        raise too_large(MOST_BYTES)
    return examine(
        upload.read(MOST_BYTES + 1),
        upload.name or "",
        accept=("pdf", "image"),
        most_bytes=MOST_BYTES,
    )


def paper_again(page: DeclaringPage) -> str:
    """A browser sends a file once: say so where the page is shown again."""
    return _("Please choose the file again.") if page.paper is not None else ""
