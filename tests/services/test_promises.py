"""What a shipped service says, it does: who is asked, who can appeal, why something is asked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from catalogue.linked import LinkKind
from catalogue.registry import catalogue
from catalogue.template import ServiceTemplate
from tests.services.test_forms import SERVICES, each
from workflow.definition import Verb

PERMITS = [key for key in SERVICES if catalogue().get(key).package.startswith("services/permits/")]

#: A text that promises to ask others; and the offices that it can name, as consultations name them.
ASKS = re.compile("意見を聞|照会します|照会して")
OFFICES = ("道路", "警察", "建築", "公園", "消防")


def told(template: ServiceTemplate) -> Iterator[str]:
    """What residents read about the course of it."""
    for text in template.service.how_it_goes:
        yield text["ja"]
    for stage in template.workflow.stages:
        yield stage.resident["ja"]


@pytest.mark.parametrize("key", SERVICES)
def test_whoever_is_said_to_be_asked_is_asked(key: str) -> None:
    template = catalogue().get(key)
    asked = " ".join(rule.name["ja"] for rule in template.workflow.consultations)
    for text in told(template):
        for sentence in text.split("。"):
            if ASKS.search(sentence):
                assert asked, f"nobody is asked: {sentence}"
                missing = [name for name in OFFICES if name in sentence and name not in asked]
                assert missing == [], sentence


@pytest.mark.parametrize("key", SERVICES)
def test_whoever_is_asked_is_named_to_the_resident(key: str) -> None:
    template = catalogue().get(key)
    words = " ".join(told(template))
    for rule in template.workflow.consultations:
        assert any(name in words for name in OFFICES if name in rule.name["ja"]), rule.id


def test_every_letter_with_the_notice_of_appeal_has_a_way_to_appeal() -> None:
    """The notice is printed on every decision (`cases.letters`), unless only the court is left."""
    missing = [
        template.package
        for template in (catalogue().get(key) for key in SERVICES)
        if template.workflow.verbs & {Verb.APPROVE, Verb.REFUSE}
        and template.letters.appeal_notice == "review_and_action"
        and LinkKind.APPEAL not in {rule.kind for rule in template.service.linked}
    ]
    assert missing == [], "add the linked appeal to service.yaml"


@pytest.mark.parametrize("key", SERVICES)
def test_what_is_only_acknowledged_cannot_be_appealed(key: str) -> None:
    template = catalogue().get(key)
    if not template.workflow.verbs & {Verb.APPROVE, Verb.REFUSE}:
        assert LinkKind.APPEAL not in {rule.kind for rule in template.service.linked}


#: Concepts whose answers say who somebody is, how to reach them, or for whom they act.
PERSONAL = ("person.", "contact.", "organisation.", "household.", "account.")
PERSONAL_TYPES = frozenset({"file", "address", "phone", "email", "bank_account"})


@pytest.mark.parametrize("key", [*PERMITS, "review_request"])
def test_what_is_personal_or_attached_says_why_it_is_asked(key: str) -> None:
    silent = [
        question.id
        for question in each(catalogue().get(key).form)
        if (question.concept or "").startswith(PERSONAL) or question.type in PERSONAL_TYPES
        if question.why is None
    ]
    assert silent == []


def test_same_question_of_the_permits_has_the_same_concept() -> None:
    found = defaultdict[tuple[str, str], set[str | None]](set)
    for key in PERMITS:
        for question in catalogue().get(key).form.questions():
            found[question.id, question.type].add(question.concept)
    assert {name: concepts for name, concepts in found.items() if len(concepts) > 1} == {}


def test_papers_that_recur_can_be_used_again() -> None:
    """A file question that several permits ask has a concept, so it is offered from the profile."""
    asking = defaultdict[str, int](int)
    for key in PERMITS:
        for question in catalogue().get(key).form.questions():
            # A photo shows how a place is now, so it is taken anew.
            if question.type == "file" and question.concept is None and question.id != "photo":
                asking[question.id] += 1
    assert [name for name, count in asking.items() if count > 1] == []
