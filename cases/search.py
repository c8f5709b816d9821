"""Finding cases by words: names and kana, numbers, telephone, address, what was answered.

Each case has a row of bigrams (`common.grams`), written by the worker after the submission and the
decision, and by a correction in its own transaction; what was missed is made up for at night. Which
of the found cases somebody may see is a question for `cases.desk`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet

from cases.models import Case, Decision
from cases.models_desk import SearchRow
from common import grams, telephone
from common.database import connection
from forms import sensitive
from forms.parts import COMPOSITES
from forms.questions import GroupQuestion, Question

#: What a row holds; those of an earlier edition are written anew at night. The partial index of
#: `SearchRow` names it, too. 2: the decision's number.
EDITION = 2

#: Answers in free words. What is picked from a list is the same in thousands of cases.
_IN_WORDS = frozenset({"text", "long_text", "email"})
_OF_PARTS = frozenset({"address", "person", "location"})
#: Parts that nobody looks for.
_LEFT_OUT = frozenset({"dateOfBirth", "coordinates"})
#: Of one long answer; an essay would make a row of its own size.
_LONGEST = 2_000
#: Cases that one night makes up for.
_A_NIGHT = 20_000
_CHUNK = 500
#: So many are quickly sorted.
_FEW = 3_000

# 090-1234-5678, 090 1234 5678, (090)1234-5678: with any of the many dashes.
_PHONE = re.compile(r"(?<![\w-])\(?0[\d\s()\-\u2010-\u2015\u2212\u30fc]{8,16}\d(?!\w)")
# 公2026-12 (`cases.numbers`), also 公2026-12号. Year and number make one word: each by itself
# is the beginning of many others.
_NUMBER = re.compile(
    r"(?<![\d-])(20\d\d)[\-\u2010-\u2015\u2212\u30fc](\d{1,6})(?:\u53f7)?(?![0-9A-Za-z-])"
)
_NOT_DIGIT = re.compile(r"\D")
_KANJI = re.compile(r"[\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]")
_LATIN_KEPT = 12


def put(case: Case) -> None:
    """Make the case findable as it is now. Two statements, and those for what was not read yet."""
    put_all([case])


def put_all(cases: Collection[Case]) -> None:
    """As `put`, in as many statements."""
    decided = Decision.objects.filter(case__in=cases)
    numbers = dict(decided.values_list("case_id", "number"))
    SearchRow.objects.bulk_create(
        [row_of(case, numbers.get(case.pk, "")) for case in cases],
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=["plain", "grams", "edition"],
    )


def row_of(case: Case, number: str = "") -> SearchRow:
    """What is stored for a case; `number` of its decision."""
    texts = list(dict.fromkeys([*_texts(case), *numbered(number)]))
    return SearchRow(
        case=case,
        plain="\n".join(grams.normalise(text) for text in texts),
        grams=grams.index_grams(texts),
        edition=EDITION,
    )


def put_missing() -> None:
    """Make findable what is not yet, such as the cases from before there was a search, and whose
    row lacks what is found today."""
    done = 0
    for behind in (Q(search_row__isnull=True), Q(search_row__edition__lt=EDITION)):
        found = Case.objects.filter(behind).select_related("application", "resident").order_by("pk")
        while done < _A_NIGHT and (cases := list(found[:_CHUNK])):
            put_all(cases)
            done += len(cases)


def _texts(case: Case) -> Iterator[str]:
    yield case.application.receipt_number
    names = [case.resident.name, case.resident.name_kana]
    if case.represented is not None:
        names += [case.represented.name, case.represented.name_kana]
    for name in names:
        yield from _both(name)
    # Not `case.answers`, which is kept from before a correction.
    answers = {**case.application.answers, **case.corrected}
    for question in case.application.version.form.questions_by_id.values():
        yield from _answered(question, answers.get(question.id))


def numbered(number: str) -> Iterator[str]:
    """The number of a decision as it is stored; nothing for none."""
    if number:
        yield number
        yield _joined(number)


def _joined(text: str) -> str:
    """A number's year and running number as one word: 公2026-12 → 公 2026000012."""
    return _NUMBER.sub(lambda found: f" {found[1]}{found[2]:0>6} ", text)


def _both(name: str) -> Iterator[str]:
    """As it is written, and without its spaces."""
    yield name
    if joined := "".join(name.split()):
        yield joined


def _answered(question: Question, value: Any) -> Iterator[str]:
    if not value or sensitive.is_sensitive(question):
        return
    if question.type in _IN_WORDS:
        yield from _both(str(value)[:_LONGEST])
    elif question.type == "phone":
        yield from _phone(str(value))
    elif question.type in _OF_PARTS and isinstance(value, Mapping):
        # In the order they are asked: the database keeps another one.
        names = [part.name for part in COMPOSITES[question.type] if part.name not in _LEFT_OUT]
        parts = [str(value[name]) for name in names if value.get(name)]
        yield from parts
        yield "".join(parts)
    elif isinstance(question, GroupQuestion) and isinstance(value, list):
        for entry in value:
            for inner in question.questions:
                yield from _answered(inner, entry.get(inner.id))


def _phone(number: str) -> Iterator[str]:
    yield number  # each of its groups
    digits = _NOT_DIGIT.sub("", telephone.domestic(unicodedata.normalize("NFKC", number)))
    yield digits
    yield digits[-4:]


def words_of(typed: str) -> list[str]:
    """What was typed as words to look for, normalised; a telephone number as its digits, and the
    number of a decision as one."""
    plain = telephone.domestic(unicodedata.normalize("NFKC", typed))
    plain = _joined(_PHONE.sub(lambda found: f" {_NOT_DIGIT.sub('', found[0])} ", plain))
    found: dict[str, None] = {}
    for run in grams.runs(plain):
        # A name in kana may end like a particle: くに.
        found.update(dict.fromkeys(grams.words(run) if _KANJI.search(run) else [run]))
    return list(found)


def normal(word: str) -> str:
    """A word as it is compared with a receipt number: full-width letters are letters."""
    return unicodedata.normalize("NFKC", word)


def found(typed: str) -> Q | None:
    """Cases that have every word of what was typed; None: there is nothing to look for in it.

    One statement. What few cases have is looked up in the index of the words, and then sorted; what
    many have is met again and again while a list is walked in its own order. The planner cannot
    know which is which for several words at once, so it is not asked.
    """
    words = words_of(typed)
    if not words:
        return None
    rows = _matching(words)
    if rows.values("pk")[: _FEW + 1].count() <= _FEW:
        return Q(_OneOf(F("pk"), ArraySubquery(rows.values("pk")[:_FEW])))
    with connection.cursor() as cursor:
        # To start a second process takes longer than to walk to the end of a page.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    return Q(Exists(rows.filter(case=OuterRef("pk"))))


class _OneOf(Func):
    """``pk = ANY(ARRAY(…))``: these are found first, then the cases by their key."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def _matching(words: Iterable[str]) -> QuerySet[SearchRow]:
    wanted = dict.fromkeys(gram for word in words for gram in grams.query_grams(word))
    rows = SearchRow.objects.filter(grams__contains=list(wanted))
    for word in words:
        # Up to here the grams alone are exact.
        if len(word) > (_LATIN_KEPT if word.isascii() else 2):
            rows = rows.filter(plain__contains=word)
    return rows
