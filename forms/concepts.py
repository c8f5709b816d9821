"""Facts that questions can ask for, in the names of the GIF vocabulary, and what answers them.

A concept joins questions of many forms: it decides what is filled in from the eID, from whom
somebody acts for and from earlier applications. A misspelt one would never be filled in, and one
at a question of another type never fits; so the names are known here. Papers (``document.``) are
as many as forms ask for. What only one town knows begins with ``local.``.
"""

from __future__ import annotations

import difflib

from forms.errors import DefinitionError
from forms.questions import QuestionBase

#: Begins the names that a town makes up for itself.
LOCAL = "local."
_PAPERS = "document."
_TEXT, _DATE, _ADDRESS = frozenset({"text"}), frozenset({"date"}), frozenset({"address"})
_OPTION, _GROUP = frozenset({"choice", "text"}), frozenset({"group"})

#: By concept: the types of question that can answer it.
KNOWN = {
    # Whoever the answers are about: the applicant, or an entry of a household.
    **dict.fromkeys(
        [f"person.{name}{kind}" for name in ("fullName", "familyName", "givenName")
         for kind in ("", "Kana", "En")],
        _TEXT,
    ),
    "person.dateOfBirth": _DATE,
    "person.sex": _OPTION,
    "person.nationality": _OPTION,
    "person.address": _ADDRESS,
    "contact.phone": frozenset({"phone"}),
    "contact.email": frozenset({"email"}),
    "organisation.isApplicant": frozenset({"yes_no"}),
    **dict.fromkeys(
        ["organisation.name", "organisation.nameKana", "organisation.nameEn",
         "organisation.number", "organisation.representative", "organisation.role"],
        _TEXT,
    ),
    "organisation.address": _ADDRESS,
    "account.bank": frozenset({"bank_account"}),
    # Into which account to pay: one that the state knows, or another.
    "account.kind": _OPTION,
    # Who lives together, whoever applies among them: `forms.people`.
    "household.members": _GROUP,
    "household.children": _GROUP,
    "household.relation": _OPTION,
    "household.livesTogether": frozenset({"yes_no"}),
    "household.income": frozenset({"money", "number"}),
    "household.incomes": _GROUP,
    "household.work": _GROUP,
    "household.workplace": _TEXT,
    "household.hasSpouse": frozenset({"yes_no"}),
    "household.spouse.livesTogether": frozenset({"yes_no"}),
    "household.spouse.fullName": _TEXT,
    "household.spouse.fullNameKana": _TEXT,
    "household.spouse.dateOfBirth": _DATE,
    "household.spouse.address": _ADDRESS,
    "household.child.livesTogether": frozenset({"yes_no"}),
    "household.child.fullName": _TEXT,
    "household.child.fullNameKana": _TEXT,
    "household.child.dateOfBirth": _DATE,
    "household.child.address": _ADDRESS,
    "household.child.insuranceKind": _OPTION,
    "household.child.insurer": _TEXT,
    "household.child.insuranceNumber": _TEXT,
    "household.child.insuredPerson": _TEXT,
    "household.child.insuredSince": _DATE,
    "insurance.pension": _OPTION,
}  # fmt: skip


def check(question: QuestionBase, kind: str, path: tuple[str | int, ...]) -> None:
    """Raises `DefinitionError` when the concept is none, or the question cannot answer it."""
    concept = question.concept or LOCAL
    if concept.startswith(LOCAL):
        return
    fits = frozenset({"file"}) if concept.startswith(_PAPERS) else KNOWN.get(concept)
    if fits is None:
        near = difflib.get_close_matches(concept, KNOWN, n=1)
        hint = f" (is it '{near[0]}'?)" if near else ""
        raise DefinitionError(
            f"there is no concept '{concept}'{hint}; one of the town's own begins with 'local.'",
            path,
        )
    if kind not in fits:
        raise DefinitionError(
            f"'{concept}' is asked as {', '.join(sorted(fits))}, not as {kind}", path
        )
