"""Letters that the town prepares and posts, and that a resident only confirms (プッシュ型の給付).

The town knows from its own registers who is entitled; each letter has a number. Declared as data in
``service.yaml``: which question takes the number, which columns of the town's list fill which
questions. The lists and what becomes of the letters: `cases.prepared_letters`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from common.text import Text
from forms import sensitive
from forms.definitions import FormDefinition

#: Columns of a list that can fill a question, and the types of question that take them. The account
#: is none of them: it is shown in parts and never put into a form.
FILLING: dict[str, frozenset[str]] = {
    "name": frozenset({"text"}),
    "name_kana": frozenset({"text"}),
    "birth_date": frozenset({"date"}),
    "address": frozenset({"address"}),
    "amount": frozenset({"money"}),
}
#: How long a letter that nobody answered is kept after its last day, in months, where no service
#: says it any more.
KEPT_MONTHS = 12


class PreparedLetters(BaseModel):
    """``prepared_letters`` in ``service.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    # What the letter is called where it is talked about: 確認書.
    name: Text
    # The question that takes the number printed on it.
    number: str
    # Question → column of the list.
    fill: dict[str, str]
    # Of those: what cannot be changed in the form. The number never can.
    fixed: tuple[str, ...] = ()
    # Question → what of the letter is shown on its page.
    beside: dict[str, Literal["account", "amount"]] = {}
    kept_months: int = Field(default=KEPT_MONTHS, ge=1, le=60)

    @property
    def born(self) -> str:
        """The question whose answer has to be the date of birth in the list."""
        return next(name for name, column in self.fill.items() if column == "birth_date")

    def check(self, form: FormDefinition) -> None:
        """Raises `ValueError` for what the form does not ask, or asks in another way."""
        known = form.questions_by_id
        for part, names in (("number", (self.number,)), ("fill", self.fill)):
            for name in names:
                if name not in known:
                    raise ValueError(f"{part}: no question '{name}'")
        number = known[self.number]
        if number.type != "text" or sensitive.is_sensitive(number):
            raise ValueError(f"number: '{self.number}' is no question of type text")
        for name, column in self.fill.items():
            if column not in FILLING:
                raise ValueError(f"fill.{name}: a list has no column '{column}'")
            if known[name].type not in FILLING[column] or sensitive.is_sensitive(known[name]):
                raise ValueError(f"fill.{name}: '{name}' cannot take the {column}")
        asked = [name for name, column in self.fill.items() if column == "birth_date"]
        if len(asked) != 1 or not known[asked[0]].required or known[asked[0]].show_when:
            raise ValueError(
                "fill: one question that everybody answers takes the birth_date, by which it is "
                "known whose letter it is"
            )
        for name in self.fixed:
            if name not in self.fill:
                raise ValueError(f"fixed: '{name}' is not filled in")
        for name in self.beside:
            if name not in known:
                raise ValueError(f"beside: no question '{name}'")
