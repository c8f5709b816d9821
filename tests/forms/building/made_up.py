"""Made-up definitions, built from what the models say, so that a new type is generated too."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from forms.building.fields import FieldSpec, fields_of, item_types, question_types

_letters = st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x00")
_words = st.text(_letters, min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
texts = st.one_of(_words, st.fixed_dictionaries({"ja": _words, "en": _words}))
_SPECIAL = {
    "concept": st.sampled_from(["local.a", "local.b", "local.c"]),
    "autocomplete": st.sampled_from(["", "email", "bday-year"]),
}


@st.composite
def _value(draw: Any, spec: FieldSpec, kind: str) -> Any:
    match spec.kind:
        case "text":
            return draw(texts)
        case "flag":
            return draw(st.booleans())
        case "number":
            low = spec.limits.get("ge", -5)
            return draw(st.integers(low, min(spec.limits.get("le", 40), low + 40)))
        case "pick":
            return draw(st.sampled_from(spec.options))
        case "picks":
            return draw(st.lists(st.sampled_from(spec.options), unique=True))
        case "condition":
            return draw(st.sampled_from(["true", "1 < 2", "today > date('2026-01-01')"]))
        case "rows" if spec.key == "choices":
            value = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,8}", fullmatch=True)
            values = draw(st.lists(value, min_size=1, max_size=4, unique=True))
            return [{"value": value, "label": draw(texts)} for value in values]
        case "rows":
            return [{"rule": "true", "message": draw(texts)}]
    return draw(_SPECIAL[spec.key])


@st.composite
def questions(draw: Any, number: int, *, item: bool = False, concept: bool = True) -> Any:
    kind = draw(st.sampled_from(list(item_types() if item else question_types())))
    found: dict[str, Any] = {"id": f"q{number}", "type": kind}
    for spec in fields_of(kind):
        if spec.key == "id" or (not spec.required and not draw(st.booleans())):
            continue
        if spec.kind == "parts":
            count = draw(st.integers(1, 2))
            inner = [draw(questions(number * 10 + n, item=True)) for n in range(count)]
            found["questions"] = [{k: v for k, v in one.items() if k != "concept"} for one in inner]
        elif spec.kind == "formula":
            found["rule"] = None
        else:
            found[spec.key] = draw(_value(spec, kind))
    if kind == "computed":
        found["rule"] = {"number": "1", "money": "2 * 3", "text": "'x'", "yes_no": "true",
                         "date": "today"}[found["result"]]  # fmt: skip
    if kind == "group" and found.get("min", 1) > found.get("max", 20):
        found["min"] = 0
    if kind == "money":
        found.pop("max", None)  # below the smallest, it would fit nothing
    if kind != "group":
        for key in ("min", "min_length"):  # together with the largest they may fit nothing
            found.pop(key, None)
    if found.get("accept") == []:
        del found["accept"]
    if found.get("concept"):  # each once
        found["concept"] = "local." + str(number).translate(
            str.maketrans("0123456789", "abcdefghij")
        )
    if found.get("format") == "individual_number":
        found["sensitive"] = True
        found.pop("max_length", None)
    if found.get("sensitive"):
        found = {k: v for k, v in found.items() if k not in {"concept", "validate", "autocomplete"}}
    return found


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    """One that can be published."""
    steps = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        count = draw(st.integers(1, 3))
        step: dict[str, Any] = {
            "id": f"s{number}",
            "title": draw(texts),
            "questions": [draw(questions(number * 100 + n)) for n in range(count)],
        }
        if draw(st.booleans()):
            step["show_when"] = "true"
        steps.append(step)
    found = {"key": "made_up", "title": draw(texts), "steps": steps}
    if draw(st.booleans()):
        found["eligibility"] = [
            {"id": f"c{number}", "rule": "1 < 2", "message": draw(texts)}
            | ({"severity": "warn"} if draw(st.booleans()) else {})
            for number in range(draw(st.integers(1, 3)))
        ]
        found["may_apply_anyway"] = draw(st.booleans())
    return found
