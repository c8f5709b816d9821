"""Multilingual inputs."""

import pytest
from django.core.exceptions import ValidationError

from cms.fields import TextFormField
from common.text import Text


def test_field_makes_a_text() -> None:
    assert TextFormField().clean(["公園 ", "Park"]) == Text({"ja": "公園", "en": "Park"})


def test_a_required_text_needs_japanese() -> None:
    with pytest.raises(ValidationError):
        TextFormField().clean(["", "Park"])


def test_an_optional_text_may_be_empty() -> None:
    assert TextFormField(required=False).clean(["", ""]) == Text({})


def test_inputs_are_labelled_with_their_language() -> None:
    html = TextFormField().widget.render("slogan", Text({"ja": "海"}), {"id": "id_slogan"})
    assert 'lang="ja"' in html
    assert 'value="海"' in html
    assert 'aria-label="English"' in html


def test_unchanged_is_unchanged() -> None:
    field = TextFormField(required=False)
    assert not field.has_changed(Text({"ja": "海", "en": "Sea"}), ["海", "Sea"])
    assert field.has_changed(Text({"ja": "海"}), ["山", ""])
