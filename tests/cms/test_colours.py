"""Contrast, and shades that keep it."""

import pytest
from django.core.exceptions import ValidationError

from cms import colours


def test_contrast_black_on_white_is_21() -> None:
    assert round(colours.contrast("#000000", "#ffffff"), 2) == 21.0


def test_contrast_is_the_published_example() -> None:
    # https://webaim.org/resources/contrastchecker: #777777 on white is 4.48
    assert f"{colours.contrast('#777777', '#ffffff'):.2f}" == "4.48"


@pytest.mark.parametrize("colour", ["#ffcc00", "#88bbee", "#e0e0e0", "#0b4a8f"])
@pytest.mark.parametrize("ground", ["#ffffff", "#16181d", "#f7f7f5"])
def test_readable_reaches_the_ratio(colour: str, ground: str) -> None:
    assert colours.contrast(colours.readable(colour, ground), ground) >= 4.5


def test_readable_keeps_what_is_readable() -> None:
    assert colours.readable("#0b4a8f", "#ffffff") == "#0b4a8f"


def test_check_names_the_ratio_and_a_better_shade() -> None:
    with pytest.raises(ValidationError) as refused:
        colours.check("#88bbee", "#ffffff", 4.5, what="Links")
    [message] = refused.value.messages
    assert "#88bbee" in message
    assert "2.0" in message
    better = colours.readable("#88bbee", "#ffffff")
    assert better in message


@pytest.mark.parametrize("value", ["red", "#fff", "#12345g", "#1234567", "0b4a8f"])
def test_validate_hex_refuses(value: str) -> None:
    with pytest.raises(ValidationError):
        colours.validate_hex(value)
