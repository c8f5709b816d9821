"""The texts of a definition in every language, and which are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forms.building.fields import FieldSpec, fields_of
from forms.building.places import Data, Path, parts, path_of, place_of
from forms.questions import LANGUAGES


@dataclass(frozen=True, slots=True)
class TextAt:
    """A text with its place. `by_language` is empty where nothing was typed in that language."""

    path: Path
    spec: FieldSpec
    by_language: Mapping[str, str]
    #: The same in every language, as names and numbers are.
    same: bool

    @property
    def missing(self) -> bool:
        return not self.same and not all(self.by_language.values())


def languages_of(data: Data) -> tuple[str, ...]:
    """The languages that every text has to be there in."""
    found = data.get("languages")
    if isinstance(found, list) and found and all(isinstance(one, str) and one for one in found):
        return tuple(dict.fromkeys(found))[:10]
    return LANGUAGES


def split(value: Any, languages: tuple[str, ...]) -> tuple[dict[str, str], bool]:
    """A text as typed, by language, and whether it is one for all."""
    if isinstance(value, Mapping):
        return {one: str(value.get(one) or "") for one in languages}, False
    if value is None or value == "":
        return dict.fromkeys(languages, ""), False
    return {one: str(value) if n == 0 else "" for n, one in enumerate(languages)}, True


def joined(by_language: Mapping[str, str], *, same: bool, old: Any = None) -> Any:
    """The text as it is kept; None where nothing is typed. Other languages of `old` stay."""
    if same:
        return next(filter(None, by_language.values()), None)
    kept = {k: v for k, v in old.items() if k not in by_language} if _is_text(old) else {}
    found = {language: text for language, text in by_language.items() if text} | kept
    return found or None


def _is_text(value: Any) -> bool:
    return isinstance(value, Mapping)


def texts(data: Data) -> Iterator[TextAt]:
    """Every text that is there or has to be, in the order of the form."""
    languages = languages_of(data)
    yield from _texts(data, fields_of("form"), (), languages)
    for place, part in parts(data):
        kind = "step" if len(place) == 1 else str(part.get("type"))
        yield from _texts(part, fields_of(kind), path_of(place), languages)


def _texts(
    part: Data, specs: tuple[FieldSpec, ...], path: Path, languages: tuple[str, ...]
) -> Iterator[TextAt]:
    for spec in specs:
        value = part.get(spec.key)
        here = (*path, spec.key)
        if spec.kind == "text" and (value or spec.required):
            by_language, same = split(value, languages)
            yield TextAt(here, spec, by_language, same)
        if spec.kind == "rows" and isinstance(value, list):
            for number, row in enumerate(value):
                if isinstance(row, dict):
                    yield from _texts(row, spec.fields, (*here, number), languages)


def missing_by_step(data: Data) -> dict[int, int]:
    """How many texts lack a language, by step; the form's own title counts as step -1."""
    found: dict[int, int] = {}
    for text in texts(data):
        if text.missing:
            place, _rest = place_of(text.path)
            number = place[0] if place else -1
            found[number] = found.get(number, 0) + 1
    return found


def put(data: Data, path: Path, value: Any) -> None:
    """Set or take away the text at `path`. Raises `LookupError` when nothing is there."""
    here: Any = data
    for part in path[:-1]:
        here = here[part]
    if not isinstance(here, dict):
        raise LookupError(str(path))
    if value is None:
        here.pop(str(path[-1]), None)
    else:
        here[str(path[-1])] = value
