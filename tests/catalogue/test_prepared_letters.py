"""How a service declares letters that the town prepares: wrong declarations are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from catalogue.fitting import Misfit, misfits
from catalogue.prepared_letters import PreparedLetters
from catalogue.registry import catalogue
from catalogue.template import TemplateError
from forms import definitions
from tests.catalogue.folders import Folder

KEY = "tax_exempt_household"
RIGHT: dict[str, Any] = {
    "name": "確認書",
    "number": "confirmation_no",
    "fill": {"name": "name", "birth_date": "birth_date"},
}


def test_right_declaration_is_taken() -> None:
    template = catalogue().get(KEY)
    rule = template.service.prepared_letters
    assert rule is not None
    assert rule.born == "birth_date"
    assert misfits(template, template.form) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "nowhere"}, "number: no question 'nowhere'"),
        ({"number": "answer"}, "number: 'answer' is no question of type text"),
        ({"fill": {"birth_date": "birth_date", "x": "name"}}, "fill: no question 'x'"),
        ({"fill": {"birth_date": "birth_date", "name": "x"}}, "fill.name: a list has no column"),
        ({"fill": {"birth_date": "birth_date", "account": "address"}}, "cannot take the address"),
        ({"fill": {"name": "name"}}, "takes the birth_date"),
        ({"fill": {"proxy_birth_date": "birth_date"}, "number": "income_month"}, "number:"),
        ({"fixed": ["address"]}, "fixed: 'address' is not filled in"),
        ({"beside": {"x": "amount"}}, "beside: no question 'x'"),
    ],
)
def test_wrong_declaration_is_refused(changes: dict[str, Any], said: str) -> None:
    rule = PreparedLetters.model_validate(RIGHT | changes)
    with pytest.raises(ValueError, match=said):
        rule.check(catalogue().get(KEY).form)


@pytest.mark.parametrize(
    "changes", [{"kept_months": 0}, {"beside": {"answer": "name"}}, {"x": 1}, {"fill": None}]
)
def test_declaration_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PreparedLetters.model_validate(RIGHT | changes)


def test_refusal_names_the_place(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.replace(
        "service.yaml",
        "department:",
        "prepared_letters: {name: x, number: nowhere, fill: {people: birth_date}}\ndepartment:",
    )
    with pytest.raises(
        TemplateError, match=r"service\.yaml: prepared_letters: number: no question"
    ):
        folder.load()


def test_letter_prints_the_amount_only_where_there_are_such_letters(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    text = (folder.path / "letter.yaml").read_text(encoding="utf-8")
    head, sign, rest = text.partition("particulars: [")
    assert sign
    folder.write("letter.yaml", f"{head}{sign}prepared_letter.amount, {rest}")
    with pytest.raises(TemplateError, match=r"no question 'prepared_letter\.amount'"):
        folder.load()


def test_form_of_a_town_that_asks_no_number_does_not_fit() -> None:
    template = catalogue().get(KEY)
    data = template.form.as_json()
    for step in data["steps"]:
        step["questions"] = [one for one in step["questions"] if one["id"] != "confirmation_no"]
    found = misfits(template, definitions.load(data))
    assert found == [Misfit("prepared_letters", why="number: no question 'confirmation_no'")]
