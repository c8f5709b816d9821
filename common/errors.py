"""Refusals of the domain. Their messages are for people and already translated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class DomainError(Exception):
    """Something a person asked for cannot be done; `message` says why and what to do."""

    def __init__(self, message: object, *, code: str) -> None:
        super().__init__(code)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(DomainError):
    """A policy, a stage or a missing role forbids it."""

    @property
    def reason(self) -> object:
        return self.message


class Conflict(DomainError):
    """Somebody else was faster; nothing was changed."""


class NotFound(DomainError):
    """There is no such thing for this person."""


class InvalidInput(DomainError):
    """Fields are wrong: `errors` maps a field's name to its messages."""

    def __init__(self, errors: Mapping[str, list[str]], message: object = "") -> None:
        super().__init__(message, code="invalid_input")
        self.errors = {name: list(messages) for name, messages in errors.items()}


def in_words(refusal: DomainError) -> str:
    """Why, in one text: what is wrong with fields, where it is about fields."""
    if isinstance(refusal, InvalidInput):
        said = (message for messages in refusal.errors.values() for message in messages)
        return " ".join(said) or str(refusal)
    return str(refusal)


def listed(errors: Mapping[str, Iterable[str]], prefix: str = "") -> list[dict[str, str]]:
    """For ``components/errors.html``: each message with the id of its field on the page."""
    return [
        {"message": message, "anchor": f"{prefix}{name}"}
        for name, messages in errors.items()
        for message in messages
    ]
