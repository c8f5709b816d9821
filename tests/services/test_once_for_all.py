"""What one benefit was told, another does not ask again: in each of the twelve orders of two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Any

import pytest
import time_machine

from common.actor import SYSTEM
from forms import drafts, one_child, people, profile, versions
from forms.definitions import FormDefinition
from forms.models import Draft
from forms.questions import GroupQuestion, Question
from forms.state import evaluate
from identity.models import User
from tests.forms.support import a_resident, claims
from tests.services.test_benefits import BENEFITS, form
from tests.services.walks import TODAY, answers_of, entries, fill_in

#: A family: who applies is told by the eID.
_SPOUSE = {"name": "髙橋 二", "kana": "タカハシ　ジ", "born": "1984-01-01"}
_CHILD = {"name": "髙橋 一", "kana": "タカハシ　ハジメ", "born": "2017-05-01"}
_SELF = {"name": "髙橋 𠮷子", "born": "1985-04-12"}


def _member(who: dict[str, str], relation: str = "", **more: str) -> dict[str, str]:
    told = {f"member_{name}": value for name, value in who.items()}
    return told | ({"relation": relation} if relation else {}) | more


def _child(**more: str) -> dict[str, str]:
    told = {"child_name": _CHILD["name"], "child_kana": _CHILD["kana"]}
    return told | {"child_birth_date": _CHILD["born"]} | more


_WORK = {"health": "good", "job_or_school": "なし"}
_ACCOUNT = {
    name: value
    for name, value in answers_of("school_aid").items()
    if name.startswith(("account", "f:account"))
}
FAMILY: dict[str, dict[str, Any]] = {
    "child_allowance": {
        **entries("children", _child(relation="child", lives_together="yes", livelihood="shared",
                                     custody="yes")),
        "has_spouse": "yes", "spouse_name": _SPOUSE["name"], "spouse_birth_date": _SPOUSE["born"],
        "spouse_lives_together": "yes", "spouse_public_servant": "no", "account_kind": "bank",
        **_ACCOUNT,
    },
    "school_aid": {
        **entries("children", _child(school="港町小学校", grade="e3")),
        **entries("household", _member(_SELF, "self", **_WORK), _member(_SPOUSE, "spouse", **_WORK),
                  _member(_CHILD, "child", **_WORK)),
    },
    "tax_exempt_household": {
        **entries("members", *(_member(who, dependant="no") for who in (_SELF, _SPOUSE, _CHILD))),
        "account_choice": "new_account", **_ACCOUNT,
    },
    "child_medical_aid": _child(qualified_on="2026-08-01") | _ACCOUNT | {
        "account_kind": "bank", "insured_person": "髙橋 三",
    },
}  # fmt: skip


def opened(key: str, resident: User) -> Draft:
    return drafts.open_draft(
        resident=resident, version=versions.publish(form(key)), subject=key, claims=claims()
    )


def posted(key: str) -> dict[str, Any]:
    return answers_of(key, **FAMILY[key])


def leaves(definition: FormDefinition, answers: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each answer by its question, and whose it is in an entry. What is written out says by itself
    that it is the same as another; what is chosen only together with its question."""
    for name, value in answers.items():
        question = definition.question(name)
        if isinstance(question, GroupQuestion):
            for entry in value:
                who = next(iter(entry.values()))
                for part, told in entry.items():
                    yield f"{part} ({who})", _said(question.questions, part, told)
        elif question.type not in {"computed", "declaration"}:
            yield name, _said([question], name, value)


def _said(questions: Iterable[Question], name: str, value: Any) -> Any:
    (question,) = (question for question in questions if question.id == name)
    if question.type == "file":
        return question.concept
    return value if question.type not in {"choice", "yes_no"} else (name, value)


def asked_again(known: list[Any], second: Draft, upload: Any) -> list[str]:
    """What `second` asks although it is `known`, walking through its steps as a resident."""
    found = []
    left = posted(second.form.key)
    for step in second.form.steps:
        ids = [question.id for question in step.questions]
        mine = {
            name: left.pop(name)
            for name in list(left)
            if name.removeprefix("f:").partition("-")[0] in ids
        }
        mine = {name: value for name, value in mine.items() if name[2:] not in second.answers}
        state = evaluate(second.prepared, second.answers)
        nodes = second.prepared.step_nodes[step.id]
        before = people.suggested(second, nodes, state) | second.answers
        there = dict(leaves(second.form, {name: before[name] for name in ids if name in before}))
        assert fill_in(second, mine, upload, only=step.id) == {}
        now = {name: second.answers[name] for name in ids if name in second.answers}
        found += [
            name
            for name, said in leaves(second.form, now)
            if said in known and there.get(name) != said
        ]
    assert left == {}
    return found


#: By what came before and what comes after: questions that are asked although they were answered.
#: The confirmation does not ask what members are to each other, so nobody is known as the spouse.
STILL_ASKED = {("tax_exempt_household", "child_allowance"): ["spouse_name", "spouse_birth_date"]}


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(("one", "other"), list(permutations(BENEFITS, 2)))
@time_machine.travel(TODAY, tick=False)
def test_told_once_is_not_asked_again(one: str, other: str, upload: Any) -> None:
    me = a_resident()
    first = opened(one, me)
    assert fill_in(first, posted(one), upload) == {}
    known = [said for _name, said in leaves(first.form, first.answers)]
    profile.keep(first, by=SYSTEM)
    second = opened(other, me)
    for child in one_child.children(second):
        one_child.fill(second, child.key, by=SYSTEM)
    drafts.fill_from_profile(second, [o.question_id for o in profile.offers(second)], by=SYSTEM)
    found = asked_again(known, second, upload)
    assert found == STILL_ASKED.get((one, other), [])
