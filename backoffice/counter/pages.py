"""The two short forms of the counter: a code of the resident's account, or who they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from django.http import HttpRequest

from common.errors import InvalidInput
from forms import definitions
from forms.asking import Asked, ask
from forms.prepared import Prepared, prepare
from forms.state import evaluate
from identity.counter.actions import Person, Recognised
from identity.models import User

Way = Literal["code", "person"]
NEW = "new"


@lru_cache(maxsize=2)
def form_of(way: Way) -> Prepared:
    source = (Path(__file__).parent / f"{way}.yaml").read_text(encoding="utf-8")
    return prepare(definitions.load(yaml.safe_load(source)))


@dataclass
class CounterPage:
    """What the template shows. `candidates`: records that could be this person's."""

    way: Way
    asked: Asked
    candidates: list[User] = field(default_factory=list)
    problem: str = ""

    @property
    def title(self) -> str:
        return str(form_of(self.way).form.title)

    @property
    def wrong(self) -> bool:
        return bool(self.asked.messages or self.problem)

    @property
    def answers(self) -> dict[str, Any]:
        found: dict[str, Any] = evaluate(self.asked.prepared, self.asked.answers).answers()
        return found

    @property
    def birth_date(self) -> date | None:
        answer = self.answers.get("birth_date")
        return date.fromisoformat(answer) if answer else None

    @property
    def recognised(self) -> Recognised:
        found = self.answers
        return Recognised(basis=found.get("basis", ""), others=found.get("papers") or ())

    @property
    def person(self) -> Person:
        found = self.answers
        return Person(
            name=found.get("name", ""),
            name_kana=found.get("name_kana", ""),
            birth_date=self.birth_date,
            address=found.get("address") or {},
            phone=found.get("phone", ""),
            email=found.get("email", ""),
        )

    def refuse(self, refusal: InvalidInput) -> None:
        """Put each message to its question."""
        known = self.asked.prepared.nodes
        self.asked.refuse({name: m for name, m in refusal.errors.items() if name in known})
        others = [m for name, m in refusal.errors.items() if name not in known]
        self.problem = " ".join(message for messages in others for message in messages)


def page_of(request: HttpRequest, way: Way) -> CounterPage:
    """The page as it is opened, or after a POST: `asked.done` says that it can begin."""
    post = request.POST if request.method == "POST" else None
    return CounterPage(way, ask(form_of(way), {}, post))
