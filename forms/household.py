"""`household` as a type of question: the group of those who live together, declared in one line.

It is a group with the concept ``household.members`` (or ``household.children``) whose entries ask
facts of the vocabulary, so that it is filled from the household that a resident keeps
(`forms.profile`). A definition may write it short; what is read, stored, built and answered is the
group. See ``docs/adr/0014-groups-within-groups.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms.errors import DefinitionError

KIND = "household"
#: What is asked of each unless `members` says otherwise.
USUAL = ("name", "kana", "born", "relation", "together")
Data = dict[str, Any]
Path = tuple[str | int, ...]


def _options(**labels: tuple[str, str]) -> list[Data]:
    return [{"value": value, "label": {"ja": ja, "en": en}} for value, (ja, en) in labels.items()]


#: The facts, by name: questions without an id. ``{id}`` in a rule stands for it.
_FACTS: Mapping[str, Data] = {
    "name": {
        "type": "text",
        "label": {"ja": "お名前", "en": "Name"},
        "concept": "person.fullName",
        "max_length": 100,
    },
    "kana": {
        "type": "text",
        "format": "katakana",
        "label": {"ja": "お名前（フリガナ）", "en": "Name in katakana"},
        "concept": "person.fullNameKana",
        "required": False,
        "max_length": 100,
    },
    "born": {
        "type": "date",
        "label": {"ja": "生年月日", "en": "Date of birth"},
        "concept": "person.dateOfBirth",
        "validate": [
            {
                "rule": "{id} <= today",
                "message": {
                    "ja": "生年月日に未来の日付は入力できません。",
                    "en": "A date of birth cannot be in the future.",
                },
            }
        ],
    },
    "relation": {
        "type": "choice",
        "label": {"ja": "申請する方との続柄", "en": "Relation to you"},
        "concept": "household.relation",
        "choices": _options(
            self=("本人", "Myself"),
            spouse=("配偶者", "Spouse"),
            child=("子", "Child"),
            parent=("父母", "Parent"),
            sibling=("兄弟姉妹", "Brother or sister"),
            grandparent=("祖父母", "Grandparent"),
            grandchild=("孫", "Grandchild"),
            other=("その他", "Other"),
        ),
    },
    "together": {
        "type": "yes_no",
        "label": {"ja": "同居していますか", "en": "Does this person live with you?"},
        "concept": "household.livesTogether",
    },
}
_WORDS: Data = {
    "item_label": {"ja": "世帯の方", "en": "Member"},
    "add_label": {"ja": "世帯の方を追加する", "en": "Add another member"},
}


def expanded(data: Mapping[str, Any]) -> Data:
    """A definition's data with every household written out as a group.

    Raises `DefinitionError` with the path. What is wrong otherwise is left as it is.
    """
    steps = data.get("steps")
    if not isinstance(steps, list):
        return dict(data)
    return {**data, "steps": [_step(step, number) for number, step in enumerate(steps)]}


def _step(step: Any, number: int) -> Any:
    asked = step.get("questions") if isinstance(step, Mapping) else None
    if not isinstance(asked, list) or not any(map(is_short, asked)):
        return step
    path: Path = ("steps", number, "questions")
    whole = [
        group(question, (*path, place)) if is_short(question) else question
        for place, question in enumerate(asked)
    ]
    return {**step, "questions": whole}


def is_short(question: Any) -> bool:
    """Is this a household in its short form?"""
    return isinstance(question, Mapping) and question.get("type") == KIND


def group(short: Mapping[str, Any], path: Path = ()) -> Data:
    """The group that a household stands for: the facts, then the questions of its own."""
    facts = _asked(short, path)
    own = short.get("questions") or []
    if not isinstance(own, list):
        raise DefinitionError("a list of questions is expected here", (*path, "questions"))
    rest = {name: value for name, value in short.items() if name != "members"}
    return (
        {"concept": "household.members"}
        | _WORDS
        | rest
        | {"type": "group", "questions": [_fact(*each) for each in facts.items()] + own}
    )


def _asked(short: Mapping[str, Any], path: Path) -> Mapping[str, str]:
    """The facts that are asked, each with the id of its question."""
    members = short.get("members", USUAL)
    if isinstance(members, Sequence) and not isinstance(members, str):
        members = {name: f"{short.get('id')}_{name}" for name in map(str, members)}
    if not isinstance(members, Mapping) or not members:
        raise DefinitionError("a list of facts is expected here", (*path, "members"))
    unknown = [name for name in members if name not in _FACTS]
    if unknown:
        known = ", ".join(_FACTS)
        raise DefinitionError(
            f"a household has no fact '{unknown[0]}', only {known}", (*path, "members")
        )
    return {name: str(question_id) for name, question_id in members.items()}


def _fact(name: str, question_id: str) -> Data:
    question: Data = {"id": question_id} | _FACTS[name]
    if "validate" in question:
        question["validate"] = [
            check | {"rule": check["rule"].format(id=question_id)} for check in question["validate"]
        ]
    return question


def as_written(data: Any, path: Path) -> Path:
    """Where a path of the expanded data leads to in `data`, for who looks for a mistake."""
    if len(path) < 6 or (path[0], path[2], path[4]) != ("steps", "questions", "questions"):
        return path
    try:
        short = data["steps"][path[1]]["questions"][path[3]]
    except (LookupError, TypeError):
        return path
    if not is_short(short):
        return path
    facts, place = len(_asked(short, path[:4])), path[5]
    if not isinstance(place, int) or place < facts:
        return (*path[:4], "members")
    return (*path[:5], place - facts, *path[6:])
