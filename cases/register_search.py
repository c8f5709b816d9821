"""Finding an entry of the public register: by its number, and by what everybody may read of it.

Each entry keeps the bigrams (`common.grams`) of what its service showed when they were made, and by
which rule. Where the rule is another one since, the entry is not found by words until a night has
made them anew: what is not public any more must not answer a search either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.db.models import Q, QuerySet

from cases import register, search
from cases.models import RegisterEntry
from cases.register import PublicList
from catalogue.template import PublicRegister
from common import grams
from notifications.notice import LANGUAGES

#: Entries that one night makes up for, and at a time.
_A_NIGHT, _CHUNK = 20_000, 500
#: Entries of one search over all services.
MOST_FOUND = 50


def put(entry: RegisterEntry) -> None:
    """Make an entry findable, where its service shows it at all."""
    rule = register.rule_of(entry.offering)
    if rule is not None:
        _put([entry], PublicList(entry.offering, rule, []))


def put_missing() -> None:
    """Make findable what is not yet, or was by another rule."""
    done = 0
    for offering in register.public_offerings():
        rule = register.rule_of(offering)
        if rule is None:
            continue
        found = RegisterEntry.objects.filter(offering=offering).exclude(shown_by=_mark(rule))
        found = found.select_related("decision__case__application__version").order_by("pk")
        while done < _A_NIGHT and (entries := list(found[:_CHUNK])):
            _put(entries, PublicList(offering, rule, []))
            done += len(entries)


def _put(entries: Sequence[RegisterEntry], listed: PublicList) -> None:
    for entry in entries:
        entry.grams = grams.index_grams(dict.fromkeys(_texts(entry, listed)))
        entry.shown_by = _mark(listed.rule)
    RegisterEntry.objects.bulk_update(entries, ["grams", "shown_by"])


def _texts(entry: RegisterEntry, listed: PublicList) -> Iterator[str]:
    yield from search.numbered(entry.number)
    for language in LANGUAGES:
        one = register.public(entry, listed, language)
        yield one.organisation
        yield from one.answers


def _mark(rule: PublicRegister) -> str:
    packed = json.dumps(rule.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(packed.encode()).hexdigest()[:16]


def found(
    listed: Iterable[PublicList], typed: str, *, valid_on: date | None = None
) -> QuerySet[RegisterEntry]:
    """Entries of these registers that have every word of what was typed; without words, all.

    `valid_on`: only what holds on that day. The newest first, as in `register.entries_of`.
    """
    words = [gram for word in search.words_of(typed) for gram in grams.query_grams(word)]
    if typed.strip() and not words:
        return RegisterEntry.objects.none()
    shown = Q(pk__in=[])
    for one in listed:
        mine = register.shown(one)
        shown |= mine & Q(shown_by=_mark(one.rule)) if words else mine
    entries = register.ordered(RegisterEntry.objects.filter(shown))
    if words:
        entries = entries.filter(grams__contains=list(dict.fromkeys(words)))
    return entries.filter(register.holds_on(valid_on)) if valid_on else entries
