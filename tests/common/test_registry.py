"""Typed registries."""

import pytest

from common.registry import Registry


def test_a_key_is_taken_once_and_an_unknown_one_names_what_there_is() -> None:
    registry: Registry[int] = Registry("thing")
    assert registry.register("a", 1) == 1
    registry.register("a", 1)  # the same again: an app loaded twice
    with pytest.raises(ValueError, match="thing 'a' is registered twice"):
        registry.register("a", 2)
    with pytest.raises(LookupError, match=r"no thing 'b' \(there are: a\)"):
        registry.get("b")
    assert ("a" in registry, list(registry), len(registry)) == (True, ["a"], 1)
