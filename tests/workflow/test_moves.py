"""Which move a verb makes: stage, role, guard, each with its own reason."""

from __future__ import annotations

import pytest
from django.utils import translation

from common.errors import NotAllowed
from tests.workflow.samples import definition, sample
from workflow.definition import Verb, load
from workflow.moves import find_move, verb_name

CALM = {
    "open_consultations": 0,
    "objections": 0,
    "open_corrections": 0,
    "fee": 0,
    "fee_waived": False,
}


def test_move_is_found() -> None:
    move = find_move(
        definition(), stage="received", verb=Verb.CLAIM, roles={"caseworker"}, facts=CALM
    )
    assert move.to == "review"


def test_wrong_stage_names_the_stage() -> None:
    with translation.override("en"), pytest.raises(NotAllowed) as refusal:
        find_move(definition(), stage="granted", verb=Verb.CLAIM, roles={"lead"}, facts=CALM)
    assert refusal.value.code == "wrong_stage"
    assert "“Granted”" in str(refusal.value)


def test_wrong_role_is_refused() -> None:
    with pytest.raises(NotAllowed) as refusal:
        find_move(definition(), stage="review", verb=Verb.APPROVE, roles={"caseworker"}, facts=CALM)
    assert refusal.value.code == "wrong_role"


@pytest.mark.parametrize(
    ("language", "words"), [("ja", "照会中です。"), ("en", "An opinion is missing.")]
)
def test_guard_says_why_in_the_readers_language(language: str, words: str) -> None:
    facts = CALM | {"open_consultations": 1}
    with translation.override(language), pytest.raises(NotAllowed) as refusal:
        find_move(definition(), stage="review", verb=Verb.APPROVE, roles={"lead"}, facts=facts)
    assert refusal.value.code == "guard"
    assert str(refusal.value) == words


def test_first_move_whose_guard_holds_is_taken() -> None:
    data = sample()
    data["moves"][4]["guard"] = "fee > 0"
    data["moves"].insert(
        5,
        {
            "verb": "approve",
            "from": ["review"],
            "to": "refused",
            "roles": ["lead"],
            "guard": "fee == 0",
        },
    )
    workflow = load(data)
    for fee, to in ((0, "refused"), (1, "granted")):
        move = find_move(
            workflow, stage="review", verb=Verb.APPROVE, roles={"lead"}, facts=CALM | {"fee": fee}
        )
        assert move.to == to


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_has_a_name(verb: Verb) -> None:
    with translation.override("en"):
        assert verb_name(verb)
