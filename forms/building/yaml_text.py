"""A definition as YAML, as a template has it, and back."""

from __future__ import annotations

from typing import Any

import yaml
from django.utils.translation import gettext as _

from common.errors import InvalidInput
from forms import definitions
from forms.building import reasons
from forms.building.fields import fields_of
from forms.building.places import Data, shaped
from forms.questions import LANGUAGES


class _Dumper(yaml.SafeDumper):
    """Without anchors and aliases: templates do not use them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def write(data: Data) -> str:
    """The whole definition, right or not, its fields in the order of the models."""
    return dump(_in_order(data, "form"))


def dump(data: Data) -> str:
    """Any data as YAML that people read, in its own order."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


#: Breaks of lines to YAML, which it would put as others; in quotation marks they are kept.
_BREAKS = frozenset("\x85\u2028\u2029\ufeff\r")


def _written(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if _BREAKS.intersection(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _written)

_FIRST = ("id", "type", "label", "value")
_LAST = ("questions", "steps")


def _in_order(part: Any, kind: str) -> Any:
    """As people write it: the database keeps no order of fields."""
    if not isinstance(part, dict):
        return part
    specs = fields_of(kind)
    wanted = [*_FIRST, *(spec.key for spec in specs if spec.key not in _LAST)]
    keys = sorted(part, key=lambda key: (key in _LAST, wanted.index(key) if key in wanted else 99))
    found = {key: part[key] for key in keys}
    for key in _LAST:
        if isinstance(found.get(key), list):
            found[key] = [_in_order(one, _kind_below(key, one)) for one in found[key]]
    for key, value in found.items():
        if key not in _LAST and isinstance(value, list):
            found[key] = [_in_order(row, "") for row in value]
        elif isinstance(value, dict) and value.keys() <= set(LANGUAGES):
            found[key] = {code: value[code] for code in LANGUAGES if code in value}
    return found


def _kind_below(key: str, part: Any) -> str:
    """What is no part at all has no kind, and stays as it was typed."""
    if key == "steps" or not isinstance(part, dict):
        return "step"
    return str(part.get("type"))


def read(source: str) -> Data:
    """What `write` wrote, or a person. Raises `InvalidInput` with line and reason."""
    try:
        return shaped(definitions.read_yaml(source))
    except definitions.DefinitionError as error:
        message = reasons.reason(error.message)
        raise InvalidInput({"source": [message]}, message) from None
    except RecursionError:
        message = _("The form is nested too deeply.")
        raise InvalidInput({"source": [message]}, message) from None
