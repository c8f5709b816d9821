"""Texts in several languages."""

import pickle

import pytest
from django.utils import translation
from pydantic import BaseModel, ConfigDict, ValidationError

from common.text import Text


@pytest.mark.parametrize(
    ("language", "expected"), [("ja", "公園"), ("en", "Park"), ("en-gb", "Park"), ("vi", "公園")]
)
def test_str_gives_the_active_language_or_japanese(language: str, expected: str) -> None:
    with translation.override(language):
        assert str(Text({"ja": "公園", "en": "Park"})) == expected


def test_text_without_japanese_falls_back_to_what_there_is() -> None:
    assert Text({"en": "Park"}).in_language("ja") == "Park"
    assert Text({"ja": "", "en": "Park"}).in_language("ja") == "Park"


def test_text_is_immutable_hashable_and_survives_pickling() -> None:
    text = Text({"ja": "公園"})
    with pytest.raises(AttributeError):
        text.ja = "x"  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(text)) == text  # noqa: S301
    assert len({text, Text("公園")}) == 1


def test_pydantic_takes_strings_and_mappings_and_refuses_the_rest() -> None:
    class Model(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        title: Text

    assert Model.model_validate({"title": "公園"}).title == Text("公園")
    model = Model.model_validate({"title": {"ja": "公園", "en": "Park"}})
    assert model.model_dump(mode="json") == {"title": {"ja": "公園", "en": "Park"}}
    with pytest.raises(ValidationError):
        Model.model_validate({"title": {"ja": 3}})
    with pytest.raises(ValidationError):
        Model.model_validate({"title": 3})
