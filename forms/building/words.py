"""How the editor names types, fields and choices. What is not here is shown by its own name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from forms import household

Section = Literal["main", "type", "when", "who", "checks", "more"]

TYPES: Mapping[str, Any] = {
    "text": _("Short text"),
    "long_text": _("Long text"),
    "choice": _("One of several options"),
    "multiple": _("Several of several options"),
    "yes_no": _("Yes or no"),
    "number": _("Number"),
    "money": _("Amount in yen"),
    "date": _("Date"),
    "month": _("Month of a year"),
    "period": _("Period (from – until)"),
    "email": _("E-mail address"),
    "phone": _("Telephone number"),
    "person": _("Person"),
    "address": _("Postal address"),
    "location": _("Place on a map"),
    "bank_account": _("Bank account"),
    "file": _("Attached file"),
    "declaration": _("Declaration to tick"),
    "computed": _("Worked out from other answers"),
    "group": _("Group that repeats"),
    household.KIND: _("Household (a group for each member)"),
}

#: By field: its label, a hint, and where on the page it stands.
FIELDS: Mapping[str, tuple[Any, Any, Section]] = {
    "key": (
        _("Key of the form"),
        _("Under this name its versions are numbered. It stays as it is."),
        "more",
    ),
    "title": (_("Title"), "", "main"),
    "lead": (_("Text below the title"), "", "main"),
    "label": (_("Question"), _("As the resident reads it."), "main"),
    "hint": (
        _("Hint"),
        _("Between the question and the field, for example what it should look like."),
        "main",
    ),
    "required": (_("An answer is required"), "", "main"),
    "sensitive": (
        _("Keep the answer hidden"),
        _(
            "It is stored encrypted, stands in no letter, export or search, and whoever works on "
            "the case sees it only by asking for it, which the applicant can see."
        ),
        "main",
    ),
    "id": (
        _("Id"),
        _(
            "A short name for rules, fees and letters: small letters, digits and "
            "_. Residents do not see it."
        ),
        "main",
    ),
    "show_when": (_("Ask this only when …"), "", "when"),
    "required_when": (
        _("Require an answer only when …"),
        _("Without a condition the box above counts."),
        "when",
    ),
    "validate": (
        _("Checks of the answer"),
        _("The answer is refused with the message when the rule does not hold."),
        "checks",
    ),
    "why": (_("Why it is asked"), "", "more"),
    "legal_basis": (_("Legal basis"), "", "more"),
    "concept": (
        _("Meaning (concept)"),
        _(
            "For example person.fullName. The answer is filled in from the eID or "
            "an earlier application."
        ),
        "more",
    ),
    "autocomplete": (
        _("Name for the browser (autocomplete)"),
        _("For example email or tel."),
        "more",
    ),
    "max_length": (_("At most … characters"), "", "type"),
    "min_length": (_("At least … characters"), "", "type"),
    "format": (_("What may be typed"), "", "type"),
    "width": (_("Width of the field"), "", "type"),
    "rows": (_("Height in lines"), "", "type"),
    "choices": (_("Options"), "", "type"),
    "display": (_("How the options are shown"), "", "type"),
    "min": (_("Smallest number"), "", "type"),
    "max": (_("Largest number"), "", "type"),
    "decimals": (_("Decimals"), _("0: whole numbers only."), "type"),
    "unit": (_("Unit"), _("Shown behind the number."), "type"),
    "yes_label": (_("Words for “yes”"), "", "type"),
    "no_label": (_("Words for “no”"), "", "type"),
    "input": (_("How the date is typed"), "", "type"),
    "accept": (_("Kinds of files"), "", "type"),
    "max_files": (_("At most … files"), "", "type"),
    "max_size_mb": (_("At most … MB each"), "", "type"),
    "text": (_("Text of the declaration"), "", "type"),
    "rule": (_("Rule"), _("How it is worked out, in CEL."), "type"),
    "result": (_("What it gives"), "", "type"),
    "item_label": (
        _("Name of one entry"),
        _("For example “Child”: shown as Child 1, Child 2."),
        "type",
    ),
    "add_label": (_("Words on the button that adds an entry"), "", "type"),
    "ordered": (_("The order of the entries counts"), _("Each can be moved up."), "type"),
    "value": (_("Value"), _("For rules and other systems."), "type"),
    "message": (_("Message"), "", "type"),
    "eligibility": (
        _("Conditions of applying"),
        _(
            "Residents are told as soon as their answers speak against it. It is a first check: "
            "the office decides."
        ),
        "who",
    ),
    "may_apply_anyway": (
        _("Whoever does not meet a condition may send all the same"),
        _("Without the tick, whoever is stopped cannot send the application online."),
        "who",
    ),
    "severity": (_("What happens when it does not hold"), "", "who"),
}

#: In some types a field is something else than in the others.
TYPE_FIELDS: Mapping[tuple[str, str], Any] = {
    ("multiple", "min"): _("At least … options"),
    ("multiple", "max"): _("At most … options"),
    ("group", "min"): _("At least … entries"),
    ("group", "max"): _("At most … entries"),
    ("money", "min"): _("Smallest amount (yen)"),
    ("money", "max"): _("Largest amount (yen)"),
}

#: In a row some fields are something else than in a question.
ROW_FIELDS: Mapping[tuple[str, str], Any] = {
    ("choices", "label"): _("Words"),
    ("validate", "rule"): _("It is right when …"),
    ("eligibility", "id"): _("Short name"),
    ("eligibility", "rule"): _("Whoever may apply meets this"),
    ("eligibility", "message"): _("What those are told who do not meet it"),
}
#: What people look at first in a row; else as the model has it.
ROW_ORDER: Mapping[str, tuple[str, ...]] = {
    "eligibility": ("rule", "message", "severity", "id"),
}

CHOICES: Mapping[tuple[str, str], Any] = {
    ("format", "plain"): _("Any text"),
    ("format", "katakana"): _("Katakana (hiragana is changed to it)"),
    ("format", "digits"): _("Digits only"),
    ("format", "individual_number"): _("Individual Number (My Number), with its check digit"),
    ("width", ""): _("Standard width"),
    ("width", "5"): _("5 characters"),
    ("width", "10"): _("10 characters"),
    ("width", "20"): _("20 characters"),
    ("width", "30"): _("30 characters"),
    ("display", ""): _("Up to eight as buttons, more as a list"),
    ("display", "radio"): _("Buttons"),
    ("display", "select"): _("List"),
    ("input", "fields"): _("Year, month and day apart"),
    ("input", "text"): _("In one field"),
    ("accept", "pdf"): _("PDF"),
    ("accept", "image"): _("Picture"),
    ("result", "number"): _("Whole number"),
    ("result", "money"): _("Amount in yen"),
    ("result", "text"): _("Text"),
    ("result", "yes_no"): _("Yes or no"),
    ("result", "date"): _("Date"),
    ("severity", "stop"): _("Stop: “You probably cannot apply”"),
    ("severity", "warn"): _("Notice: “Please note before you go on”"),
}

OPERATIONS: Mapping[str, Any] = {
    "is": _("is"),
    "is_not": _("is not"),
    "one_of": _("is one of"),
    "contains": _("contains"),
    "contains_not": _("does not contain"),
    "starts": _("begins with"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "more": _("is more than"),
    "less": _("is less than"),
    "before": _("is before"),
    "until": _("is on or before"),
    "after": _("is after"),
    "from": _("is on or after"),
    "answered": _("is answered"),
    "not_answered": _("is not answered"),
}

LANGUAGE_NAMES: Mapping[str, Any] = {"ja": _("Japanese"), "en": _("English")}


def plain(key: str) -> str:
    """``max_items`` → ``Max items``: for what has no words of its own."""
    return key.replace("_", " ").strip().capitalize()


def type_name(kind: str) -> str:
    return str(TYPES.get(kind) or plain(kind))


def field_label(key: str, row_of: str = "", kind: str = "") -> str:
    """`row_of`: the field whose rows it belongs to; `kind`: the type of question."""
    found = ROW_FIELDS.get((row_of, key)) if row_of else TYPE_FIELDS.get((kind, key))
    return str(found or (FIELDS[key][0] if key in FIELDS else plain(key)))


def field_hint(key: str, row_of: str = "") -> str:
    """In a row where the field is something else, what is said of it elsewhere does not count."""
    return "" if (row_of, key) in ROW_FIELDS or key not in FIELDS else str(FIELDS[key][1])


def section(key: str) -> Section:
    return FIELDS[key][2] if key in FIELDS else "type"


def order(key: str) -> int:
    """Where a field stands among those of its section."""
    return list(FIELDS).index(key) if key in FIELDS else len(FIELDS)


def choice_name(key: str, value: str) -> str:
    return str(CHOICES.get((key, value)) or value or "―")
