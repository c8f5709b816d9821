"""Words of a search: bigrams for Japanese, words and their beginnings for Latin script.

Japanese has no spaces, so a text is cut into overlapping pairs (公園内 → 公園, 園内): any word of
two characters is found by one index look-up, and longer words by all their pairs. Everything is
normalised first (NFKC: ﾎﾟｽﾄ, Ａ, ①), lower-cased, and katakana become hiragana.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

MAX_QUERY = 100
_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_JAPANESE = "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff"
_JAPANESE += "\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_JAPANESE}]+|[^\W_{_JAPANESE}]+")
_IS_JAPANESE = re.compile(rf"[{_JAPANESE}]")
_SHORTEST_BEGINNING, _LONGEST_BEGINNING = 2, 12
# Hiragana between two kanji words are mostly grammar: 公園を使う → 公園, 使う.
_PARTICLES = re.compile(r"[をはがにへとでのも](?=[\u3400-\u9fff])|[をはがにへで]$")


def normalise(text: str) -> str:
    """One spelling for what people regard as the same."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA)


def _stem(word: str) -> str:
    """English plurals: parks → park, allowances → allowance, parties → party."""
    if not word.isascii() or len(word) < 4:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def index_grams(texts: Iterable[str]) -> list[str]:
    """What to store for `texts`, each gram once."""
    grams: dict[str, None] = {}
    for text in texts:
        for run in _RUN.findall(normalise(text)):
            grams.update(dict.fromkeys(_grams_of(run)))
    return list(grams)


@lru_cache(maxsize=4096)
def _grams_of(run: str) -> tuple[str, ...]:
    return tuple(_index_run(run))


def _index_run(run: str) -> Iterator[str]:
    if _IS_JAPANESE.match(run):
        yield from run
        yield from (run[at : at + 2] for at in range(len(run) - 1))
        return
    yield run[:_LONGEST_BEGINNING]
    yield _stem(run)[:_LONGEST_BEGINNING]
    yield from (
        run[:length] for length in range(_SHORTEST_BEGINNING, min(len(run), _LONGEST_BEGINNING) + 1)
    )


def query_grams(query: str) -> list[str]:
    """What an entry must have to answer `query`; empty when there is nothing to look for."""
    grams: dict[str, None] = {}
    for word in words(query):
        if not _IS_JAPANESE.match(word):
            grams[_stem(word)[:_LONGEST_BEGINNING]] = None
        elif len(word) == 1:
            grams[word] = None
        else:
            grams.update(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))
    return list(grams)


def words(query: str) -> list[str]:
    """The words of a query, normalised, Japanese particles taken out."""
    found: dict[str, None] = {}
    for run in _RUN.findall(normalise(query[:MAX_QUERY])):
        parts = _PARTICLES.split(run) if _IS_JAPANESE.match(run) else [run]
        found.update(dict.fromkeys(part for part in parts if part))
    return list(found)


def runs(text: str) -> list[str]:
    """The runs of letters and digits of `text`, normalised; Japanese and Latin script apart."""
    return _RUN.findall(normalise(text))


def highlight(text: str, found: list[str]) -> list[tuple[str, bool]]:
    """`text` in pieces, each with whether it is one of the words `found`.

    Normalising may change lengths (㍻ → 平成), so positions are mapped back to the original.
    """
    plain, origin = [], []
    for at, character in enumerate(text):
        for part in normalise(character):
            plain.append(part)
            origin.append(at)
    haystack = "".join(plain)
    marked = [False] * len(text)
    for word in found:
        needle = _stem(word)
        start = haystack.find(needle)
        while start >= 0:
            if _starts_word(haystack, start, needle):
                for at in range(start, start + len(needle)):
                    marked[origin[at]] = True
            start = haystack.find(needle, start + 1)
    return _pieces(text, marked)


def _starts_word(haystack: str, start: int, needle: str) -> bool:
    if _IS_JAPANESE.match(needle) or start == 0:
        return True
    return not (haystack[start - 1].isascii() and haystack[start - 1].isalnum())


def _pieces(text: str, marked: list[bool]) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    for character, is_marked in zip(text, marked, strict=True):
        if pieces and pieces[-1][1] == is_marked:
            pieces[-1] = (pieces[-1][0] + character, is_marked)
        else:
            pieces.append((character, is_marked))
    return pieces


def excerpt(text: str, found: list[str], length: int = 80) -> str:
    """About `length` characters of `text` around the first of the words `found`."""
    if len(text) <= length:
        return text
    lowered = normalise(text)
    places = [lowered.find(_stem(word)) for word in found]
    first = min((place for place in places if place >= 0), default=0)
    start = max(min(first - length // 4, len(text) - length), 0)
    if start and (space := text.find(" ", start, start + 15)) >= 0:
        start = space + 1
    piece = text[start : start + length].strip()
    return ("…" if start else "") + piece + ("…" if start + length < len(text) else "")
