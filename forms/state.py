"""Which questions are asked, given the answers so far, and what the computed ones give."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from forms.prepared import TODAY, Node, Prepared
from rules import Rule, RuleFailed

logger = logging.getLogger(__name__)

Answers = Mapping[str, Any]


def local_today() -> dt.date:
    """Today where the municipality is: the active time zone is the town's."""
    return timezone.localdate()


@dataclass
class State:
    """The form as it stands: effective values (hidden ones gone, computed ones worked out)."""

    values: dict[str, Any]
    visible: set[str] = field(default_factory=set)
    #: By the name of a group on the page (``members``, ``members-0-incomes``) and by entry, the
    #: questions asked there.
    item_visible: dict[str, list[set[str]]] = field(default_factory=dict)

    def shown(self, node: Node) -> bool:
        return node.id in self.visible

    def answers(self) -> dict[str, Any]:
        """What a submission keeps: answers of questions that are asked, computed ones included."""
        return {
            name: value
            for name, value in self.values.items()
            if name in self.visible and not is_empty(value)
        }


def evaluate(prepared: Prepared, answers: Answers, today: dt.date | None = None) -> State:
    """Work out visibility and computed values from `answers`. Never raises for an answer.

    An undecided condition hides its question; a hidden question counts as not answered.
    """
    values: dict[str, Any] = {TODAY: today or local_today()}
    state = State(values)
    steps: dict[str, bool] = {}
    for node in prepared.order:
        asked = steps.get(node.step_id)
        if asked is None:
            rule = prepared.step_show.get(node.step_id)
            asked = rule is None or decide(rule, values, node.step_id) is True
            steps[node.step_id] = asked
        if not asked or (node.show and decide(node.show, values, node.id) is not True):
            continue
        state.visible.add(node.id)
        if node.compute:
            values[node.id] = decide(node.compute, values, node.id)
        elif node.items:
            values[node.id] = _items(node, node.id, answers.get(node.id) or [], values, state)
        else:
            values[node.id] = answers.get(node.id)
    return state


def decide(rule: Rule, values: Answers, name: str) -> Any:
    """A rule's result; None when it failed, which the log says without the values."""
    try:
        return rule(values)
    except RuleFailed as failure:
        logger.warning("forms.rule_failed question=%s kind=%s", name, failure.kind)
        return None


def _items(
    group: Node, name: str, items: list[dict[str, Any]], values: dict[str, Any], state: State
) -> list[dict[str, Any]]:
    outer = {key: value for key, value in values.items() if key != group.id}
    effective, seen = [], []
    for index, item in enumerate(items):
        scope, visible = dict(outer), set()
        kept: dict[str, Any] = {}
        for node in group.items:
            if node.show and decide(node.show, scope, node.id) is not True:
                continue
            visible.add(node.id)
            value = item.get(node.id)
            if node.compute:
                value = decide(node.compute, scope, node.id)
            elif node.items:
                value = _items(node, f"{name}-{index}-{node.id}", value or [], scope, state)
            scope[node.id] = value
            if not is_empty(value):
                kept[node.id] = value
        effective.append(kept)
        seen.append(visible)
    state.item_visible[name] = seen
    return effective


def is_empty(value: Any) -> bool:
    """Not answered: nothing, an empty text or list, an address with no part filled."""
    if value is None or value == "" or value == []:
        return True
    return isinstance(value, dict) and not any(value.values())
