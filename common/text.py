"""Texts that carry every language of a municipality."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import models
from django.utils import translation
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

FALLBACK_LANGUAGE = "ja"


def folded(text: str) -> str:
    """`text` without spaces, widths and cases of letters, to compare what two people wrote."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


class Text(Mapping[str, str]):
    """An immutable text in several languages: ``Text({"ja": "公園", "en": "Park"})``.

    ``str(text)`` gives the active language, else Japanese, else any: a resident is never shown an
    empty label. A plain string stands for every language (names, numbers).
    """

    __slots__ = ("_by_language",)
    _by_language: dict[str, str]

    def __init__(self, value: str | Mapping[str, str] | Text = "") -> None:
        by_language = {FALLBACK_LANGUAGE: value} if isinstance(value, str) else dict(value)
        for language, text in by_language.items():
            if not isinstance(language, str) or not isinstance(text, str):
                raise TypeError("a text maps language codes to strings")
        object.__setattr__(self, "_by_language", by_language)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Text is immutable")

    def in_language(self, language: str) -> str:
        """The text in `language` (``"en"``, ``"en-gb"``), or the nearest there is."""
        by_language = self._by_language
        for candidate in (language, language.split("-")[0], FALLBACK_LANGUAGE):
            if text := by_language.get(candidate):
                return text
        return next(filter(None, by_language.values()), "")

    def __str__(self) -> str:
        return self.in_language(translation.get_language() or FALLBACK_LANGUAGE)

    def __repr__(self) -> str:
        return f"Text({self._by_language!r})"

    def __getitem__(self, language: str) -> str:
        return self._by_language[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_language)

    def __len__(self) -> int:
        return len(self._by_language)

    def __bool__(self) -> bool:
        return any(self._by_language.values())

    def __hash__(self) -> int:
        return hash(frozenset(self._by_language.items()))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Text):
            return self._by_language == other._by_language
        return NotImplemented

    def __reduce__(self) -> tuple[type[Text], tuple[dict[str, str]]]:
        return (Text, (self._by_language,))

    def as_dict(self) -> dict[str, str]:
        return dict(self._by_language)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from_data = core_schema.no_info_plain_validator_function(cls._from_data)
        return core_schema.no_info_plain_validator_function(
            cls._from_data,
            serialization=core_schema.plain_serializer_function_ser_schema(cls.as_dict),
            json_schema_input_schema=from_data,
        )

    @classmethod
    def _from_data(cls, value: Any) -> Text:
        if isinstance(value, Text):
            return value
        if isinstance(value, str | Mapping):
            try:
                return cls(value)
            except TypeError as error:
                raise ValueError(str(error)) from error
        raise ValueError("a text is a string or a mapping of language codes to strings")


class TextField(models.JSONField):
    """A `Text` in a JSON column."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Text:
        return Text(super().from_db_value(value, expression, connection) or {})

    def to_python(self, value: Any) -> Text:
        return value if isinstance(value, Text) else Text(value or {})

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Text | str):
            return super().get_prep_value(Text(value).as_dict())
        return super().get_prep_value(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, Text):
            value = value.as_dict()
        return super().get_db_prep_value(value, connection, prepared)

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(self.to_python(value).as_dict(), model_instance)

    def value_to_string(self, obj: models.Model) -> Any:
        return self.to_python(self.value_from_object(obj)).as_dict()
