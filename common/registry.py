"""Typed registries, filled in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Things by key. A key is taken once; an unknown key is an error that names what there is."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._items: dict[str, T] = {}

    def register(self, key: str, item: T) -> T:
        """Add `item`. Raises `ValueError` when another item holds `key`."""
        if key in self._items and self._items[key] is not item:
            raise ValueError(f"{self._what} '{key}' is registered twice")
        self._items[key] = item
        return item

    def get(self, key: str) -> T:
        """The item of `key`. Raises `LookupError`."""
        try:
            return self._items[key]
        except KeyError:
            known = ", ".join(sorted(self._items)) or "none"
            raise LookupError(f"no {self._what} '{key}' (there are: {known})") from None

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def items(self) -> Iterator[tuple[str, T]]:
        return iter(self._items.items())

    def __len__(self) -> int:
        return len(self._items)
