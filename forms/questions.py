"""Questions as data: one frozen pydantic model per type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)

from common.text import Text

#: Longer than this no single input may be, whatever a definition says.
LONGEST_INPUT = 10_000
MOST_OPTIONS = 100
MOST_ITEMS = 50
#: Groups in each other: members of a household, and the incomes of each.
DEEPEST_GROUPS = 2
MEGABYTE = 1024 * 1024

LANGUAGES = ("ja", "en")
#: NUL and halves of characters: the database takes neither.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _complete_text(value: Any, info: ValidationInfo) -> Any:
    """A text is a plain string (the same everywhere) or carries every language of the form."""
    languages = (info.context or {}).get("languages", LANGUAGES)
    if isinstance(value, Mapping) and not isinstance(value, Text):
        missing = [language for language in languages if not value.get(language)]
        if missing:
            raise ValueError(f"the text is missing in: {', '.join(missing)}")
    if isinstance(value, str) and not value.strip():
        raise ValueError("the text is empty")
    words = [*value.keys(), *value.values()] if isinstance(value, Mapping) else [value]
    if any(isinstance(word, str) and _UNSTORABLE.search(word) for word in words):
        raise ValueError("the text holds a character that cannot be stored")
    return value


def _as_written(text: Text) -> str | dict[str, str]:
    """A plain string stays one, so that stored definitions can be read by `load` again."""
    by_language = text.as_dict()
    return by_language["ja"] if by_language.keys() == {"ja"} else by_language


FormText = Annotated[Text, BeforeValidator(_complete_text), PlainSerializer(_as_written)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
#: Any short printable value: options travel in URLs, files and other systems.
OptionValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
Source = Annotated[str, Field(min_length=1, max_length=1_500)]


class Model(BaseModel):
    """Frozen, and strict about unknown keys: a misspelt key is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Check(Model):
    """A rule that must hold, and what to tell the resident when it does not."""

    rule: Source
    message: FormText


class Criterion(Model):
    """A rule that whoever qualifies meets, and what to tell those who do not."""

    id: Identifier
    rule: Source
    message: FormText
    severity: Literal["stop", "warn"] = "stop"


class QuestionBase(Model):
    """What every question has."""

    id: Identifier
    label: FormText
    hint: FormText | None = None
    why: FormText | None = None
    legal_basis: FormText | None = None
    concept: Annotated[str, Field(pattern=r"^[a-z]+\.[a-zA-Z.]+$")] | None = None
    required: bool = True
    required_when: Source | None = None
    show_when: Source | None = None
    checks: tuple[Check, ...] = Field(default=(), alias="validate")
    autocomplete: Annotated[str, Field(pattern=r"^[a-z0-9 -]*$")] = ""


class TextQuestion(QuestionBase):
    type: Literal["text"]
    max_length: int = Field(default=200, ge=1, le=LONGEST_INPUT)
    min_length: int = Field(default=0, ge=0)
    #: katakana: hiragana and half-width kana are turned into katakana; digits: digits only;
    #: individual_number: 個人番号, twelve digits of which the last checks the others.
    format: Literal["plain", "katakana", "digits", "individual_number"] = "plain"
    #: Kept sealed and shown only to whoever asks to see it (`forms.sensitive`).
    sensitive: bool = False
    #: How wide the input looks, in characters; says how much is expected.
    width: Literal["", "5", "10", "20", "30"] = ""

    @model_validator(mode="after")
    def _kept_to_itself(self) -> TextQuestion:
        """What is sealed comes from nowhere but the keyboard, and no rule reads it."""
        if self.format == "individual_number" and not self.sensitive:
            raise ValueError("an individual number is asked with 'sensitive: true'")
        if self.sensitive and (self.concept or self.checks or self.autocomplete):
            raise ValueError("a sensitive question has no concept, no checks and no autocomplete")
        return self


class LongTextQuestion(QuestionBase):
    type: Literal["long_text"]
    max_length: int = Field(default=2_000, ge=1, le=LONGEST_INPUT)
    rows: int = Field(default=5, ge=2, le=20)


class Option(Model):
    value: OptionValue
    label: FormText
    hint: FormText | None = None


class ChoiceQuestion(QuestionBase):
    type: Literal["choice"]
    choices: tuple[Option, ...] = Field(min_length=1, max_length=MOST_OPTIONS)
    #: Radio buttons up to eight options, then a list box.
    display: Literal["", "radio", "select"] = ""

    @property
    def as_select(self) -> bool:
        return self.display == "select" or (self.display == "" and len(self.choices) > 8)


class MultipleQuestion(QuestionBase):
    type: Literal["multiple"]
    choices: tuple[Option, ...] = Field(min_length=1, max_length=MOST_OPTIONS)
    min: int = Field(default=0, ge=0)
    max: int = Field(default=MOST_OPTIONS, ge=1)


class YesNoQuestion(QuestionBase):
    type: Literal["yes_no"]
    yes_label: FormText | None = None
    no_label: FormText | None = None


class NumberQuestion(QuestionBase):
    """A number; whole by default. With `decimals` it is kept as a decimal string."""

    type: Literal["number"]
    decimals: int = Field(default=0, ge=0, le=4)
    min: int | None = Field(default=None, ge=-(10**12), le=10**12)
    max: int | None = Field(default=None, ge=-(10**12), le=10**12)
    unit: FormText | None = None


class MoneyQuestion(QuestionBase):
    """Whole yen."""

    type: Literal["money"]
    min: int = Field(default=0, ge=-(10**12), le=10**12)
    max: int = Field(default=10**12, ge=-(10**12), le=10**12)


class DateQuestion(QuestionBase):
    """A calendar day: three fields (year, month, day) or one text. Eras are understood."""

    type: Literal["date"]
    input: Literal["fields", "text"] = "fields"


class MonthQuestion(QuestionBase):
    """A month: two fields (year, month), kept as ``2026-04``. To a rule it is its first day."""

    type: Literal["month"]


class EmailQuestion(QuestionBase):
    type: Literal["email"]


class PhoneQuestion(QuestionBase):
    type: Literal["phone"]


class AddressQuestion(QuestionBase):
    """A Japanese address in parts, with a look-up by postal code."""

    type: Literal["address"]


class BankAccountQuestion(QuestionBase):
    """An account that benefits are paid to (Zengin: codes, number, holder in kana)."""

    type: Literal["bank_account"]


class PeriodQuestion(QuestionBase):
    """From a first day to a last one; both count."""

    type: Literal["period"]


class PersonQuestion(QuestionBase):
    """Somebody: name, reading, date of birth."""

    type: Literal["person"]


class LocationQuestion(QuestionBase):
    """A place in words, and where it is on the map if that is known (WGS 84)."""

    type: Literal["location"]


class FileQuestion(QuestionBase):
    type: Literal["file"]
    accept: tuple[Literal["pdf", "image"], ...] = ("pdf", "image")
    max_files: int = Field(default=1, ge=1, le=10)
    max_size_mb: int = Field(default=10, ge=1, le=20)

    @field_validator("accept")
    @classmethod
    def _in_one_order(
        cls, accept: tuple[Literal["pdf", "image"], ...]
    ) -> tuple[Literal["pdf", "image"], ...]:
        """Their order means nothing, so two orders are the same form."""
        return tuple(sorted(set(accept), reverse=True))


class DeclarationQuestion(QuestionBase):
    """A box that must be ticked; the label is what is declared."""

    type: Literal["declaration"]
    text: FormText | None = None


class ComputedQuestion(QuestionBase):
    """Worked out on the server from other answers; shown, never typed."""

    type: Literal["computed"]
    required: bool = False
    rule: Source
    result: Literal["number", "money", "text", "yes_no", "date"]
    unit: FormText | None = None


class GroupQuestion(QuestionBase):
    """The same questions several times, as for each child; they may hold one such group more."""

    type: Literal["group"]
    questions: tuple[Question, ...] = Field(min_length=1, max_length=30)
    item_label: FormText
    add_label: FormText | None = None
    min: int = Field(default=1, ge=0, le=MOST_ITEMS)
    max: int = Field(default=20, ge=1, le=MOST_ITEMS)
    #: Their order means something: each entry can be moved up.
    ordered: bool = False

    @property
    def count_at_first(self) -> int:
        """How many entries stand on the page before anything is answered."""
        return min(max(self.min, int(self.required)), self.max)


Question = Annotated[
    TextQuestion
    | LongTextQuestion
    | ChoiceQuestion
    | MultipleQuestion
    | YesNoQuestion
    | NumberQuestion
    | MoneyQuestion
    | DateQuestion
    | MonthQuestion
    | EmailQuestion
    | PhoneQuestion
    | AddressQuestion
    | BankAccountQuestion
    | PeriodQuestion
    | PersonQuestion
    | LocationQuestion
    | FileQuestion
    | DeclarationQuestion
    | ComputedQuestion
    | GroupQuestion,
    Field(discriminator="type"),
]

GroupQuestion.model_rebuild()
