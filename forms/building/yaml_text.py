"""A definition as YAML, as a template has it, and back."""

from __future__ import annotations

from typing import Any

import yaml
from django.utils.translation import gettext as _

from common.errors import InvalidInput
from forms import definitions
from forms.building import reasons
from forms.building.places import Data, shaped


class _Dumper(yaml.SafeDumper):
    """Without anchors and aliases: templates do not use them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def write(data: Data) -> str:
    """The whole definition, right or not, in the order in which it is kept."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


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
