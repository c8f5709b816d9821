"""A form tried out in memory: a step as the resident sees it, and what comes of made-up answers.

Nothing is stored: the answers so far travel in the page, sealed so that only what was read from a
form comes back.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from forms import eligibility, entries, lookups, pages, parsing, rendering, sensitive, validation
from forms.building.places import fingerprint
from forms.eligibility import Told
from forms.parsing import Read
from forms.prepared import Node, Prepared
from forms.state import State, evaluate
from forms.validation import Problem

_SALT = "forms.building.trial"
#: A test run is over after a day.
_SECONDS = 24 * 3600
LONGEST_TOKEN = 500_000


@dataclass
class Preview:
    """A step painted with every question it could ask. `conditional`: those not always asked."""

    title: str
    lead: str
    fields: list[tuple[Node, SafeString]]


def preview(prepared: Prepared, step_id: str) -> Preview:
    """The step without answers. Raises `LookupError`."""
    state = evaluate(prepared, {})
    frame = _frame(prepared, step_id, state, {}, {})
    step = prepared.steps[step_id]
    language = get_language() or "ja"
    painted = [
        (node, _trusted(frame.question(node, node.id, None)))
        for node in prepared.step_nodes[step_id]
    ]
    lead = step.lead.in_language(language) if step.lead else ""
    return Preview(step.title.in_language(language), lead, painted)


def _trusted(html: str) -> SafeString:
    # Everything that is not markup of `forms.rendering` was escaped where it was put in.
    return mark_safe(html)  # noqa: S308


def _frame(
    prepared: Prepared,
    step_id: str,
    state: State,
    typed: Mapping[str, Any],
    errors: Mapping[str, list[str]],
) -> rendering.Frame:
    return rendering.Frame(
        state=state, provenance={}, controlling=prepared.controlling[step_id], typed=typed,
        errors=errors, files={}, language=get_language() or "ja", painters=rendering.PAINTERS,
    )  # fmt: skip


@dataclass
class Run:
    """A test run as it stands at a step."""

    prepared: Prepared
    step_id: str
    answers: dict[str, Any]
    state: State
    fields: SafeString
    errors: dict[str, list[str]] = field(default_factory=dict)
    links: list[pages.ErrorLink] = field(default_factory=list)
    #: What stands in the way of sending, over all steps.
    problems: Sequence[Problem] = ()
    #: The conditions of applying that these answers speak against, and whether it could be sent.
    told: Sequence[Told] = ()
    may_send: bool = True
    #: Questions of this step that only these answers have brought: there is something to answer.
    more: bool = False

    @property
    def steps(self) -> list[tuple[str, str, bool]]:
        """Id, title and whether it is asked, of every step."""
        asked = set(pages.visible_steps(self.prepared, self.state))
        return [(s.id, str(s.title), s.id in asked) for s in self.prepared.form.steps]


def run(prepared: Prepared, step_id: str, answers: Mapping[str, Any]) -> Run:
    """The page of a step with the answers so far. An unknown step is the first one."""
    state = evaluate(prepared, answers)
    return _painted(prepared, _known_step(prepared, step_id), dict(answers), state, {}, {})


def answer(
    prepared: Prepared, step_id: str, answers: Mapping[str, Any], post: QueryDict, files: Any
) -> Run:
    """Read what was typed on the page of a step, and look at the whole."""
    step_id = _known_step(prepared, step_id)
    before = evaluate(prepared, answers)
    shown = [node for node in prepared.step_nodes[step_id] if node.id in before.visible]
    buttons = _Buttons(prepared, post)
    into = Read(held=sensitive.held(prepared.form.questions(), answers))
    asked = [node for node in shown if not node.compute]
    for node in asked:
        parsing.read(node, node.id, buttons.post, into, _made_up_files(files))
    new = dict(answers)
    for name, value in into.values.items():
        if value is None or value == [] or value == "":
            new.pop(name, None)
        else:
            new[name] = value
    state = evaluate(prepared, new)
    errors: dict[str, list[str]] = {}
    if not buttons.stays:
        errors = {name: list(messages) for name, messages in into.errors.items()}
        only = {node.id for node in shown}
        for problem in validation.problems(prepared, state, only=only, skip=into.errors):
            errors.setdefault(problem.field, []).append(problem.message)
    typed = {
        key: buttons.post.getlist(key)
        for key in buttons.post
        if any(key == node.id or key.startswith(f"{node.id}-") for node in asked)
    }
    found = _painted(prepared, step_id, new, state, typed, errors)
    seen = {node.id for node in shown}
    found.more = any(
        node.id in state.visible and node.id not in seen and not node.compute
        for node in prepared.step_nodes[step_id]
    )
    return found


def _painted(
    prepared: Prepared,
    step_id: str,
    answers: dict[str, Any],
    state: State,
    typed: Mapping[str, Any],
    errors: dict[str, list[str]],
) -> Run:
    nodes = [node for node in prepared.step_nodes[step_id] if node.id in state.visible]
    frame = _frame(prepared, step_id, state, typed, errors)
    links = pages.error_links(nodes, errors, get_language() or "ja")
    found = validation.problems(prepared, state)
    against = eligibility.not_met(eligibility.screen(prepared, state, complete=not found))
    return Run(
        prepared, step_id, answers, state, frame.fields(nodes), errors, links, found,
        eligibility.in_words(prepared, against), eligibility.may_send(prepared, against),
    )  # fmt: skip


def next_step(found: Run) -> str | None:
    """Where “Continue” leads; None: the end."""
    return pages.step_after(found.prepared, found.state, found.step_id)


def _known_step(prepared: Prepared, step_id: str) -> str:
    return step_id if step_id in prepared.steps else prepared.form.steps[0].id


def _made_up_files(files: Any) -> parsing.FileReader:
    """A file counts as attached; nobody reads it."""

    def read(node: Node, name: str, into: Read) -> list[str] | None:
        most = getattr(node.question, "max_files", 1)
        sent = [str(uuid.uuid5(uuid.NAMESPACE_OID, name)) for one in files.getlist(name) if one]
        return sent[:most] or None

    return read


class _Buttons:
    """“Add another”, “Move up” and “Remove” of a group, on what was posted."""

    def __init__(self, prepared: Prepared, post: QueryDict) -> None:
        self.post = post.copy()
        verb, _sign, rest = str(post.get("_do") or "").partition(":")
        self.stays = verb in {"add", "remove", "up", "lookup", "refresh", "remove-file"}
        if verb == "lookup":
            lookups.look_up(rest, self.post)
        name, _sign, place = rest.partition(":")
        group, index = entries.group_at(prepared, name), entries.number(place)
        if group is None:
            return
        if verb == "add":
            entries.add(group, name, self.post)
        elif verb == "remove" and index is not None:
            entries.remove(group, name, self.post, index)
        elif verb == "up" and index is not None:
            entries.move_up(group, name, self.post, index)


def seal(prepared: Prepared, answers: Mapping[str, Any]) -> str:
    """The answers for the page to carry, each with the question it answered."""
    kept = [[name, _kind(prepared, name), value] for name, value in answers.items()]
    return signing.dumps(kept, salt=_SALT, compress=True)


def unseal(prepared: Prepared, token: str) -> dict[str, Any]:
    """The answers of a page; those whose question is another by now are left out."""
    if not token or len(token) > LONGEST_TOKEN:
        return {}
    try:
        kept = signing.loads(token, salt=_SALT, max_age=_SECONDS)
    except (signing.BadSignature, ValueError, json.JSONDecodeError):
        return {}
    return {
        name: value
        for name, kind, value in kept
        if name in prepared.nodes and kind == _kind(prepared, name)
    }


def _kind(prepared: Prepared, name: str) -> str:
    """Tells whether a question can still take an answer: its type, and what its entries ask."""
    node = prepared.nodes.get(name)
    if node is None:
        return ""
    return fingerprint(
        [node.question.type, getattr(node.question, "decimals", 0),
         [[item.id, _kind(prepared, item.id)] for item in node.items]]
    )  # fmt: skip
