"""A municipality's own settings of a service as YAML, to take along and to bring back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from catalogue.models import Offering
from catalogue.overlay import Overlay
from common.errors import InvalidInput
from forms import definitions
from forms.building import reasons, yaml_text
from forms.questions import LANGUAGES


def write(offering: Offering, overlay: Overlay) -> str:
    """All of it, without loss: `read` gives the same."""
    return yaml_text.dump(
        {
            "service": offering.template_key,
            "template_version": offering.template_version,
            "settings": _in_order(overlay.as_json()),
        }
    )


def _in_order(value: Any) -> Any:
    """The database keeps no order of names: languages as people read them, amounts by name."""
    if isinstance(value, list):
        return [_in_order(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= set(LANGUAGES):
        return {code: value[code] for code in LANGUAGES if code in value}
    found = {name: _in_order(one) for name, one in value.items()}
    return found | ({"rates": dict(sorted(value["rates"].items()))} if "rates" in value else {})


def read(source: str, offering: Offering) -> Overlay:
    """What `write` wrote, here or in another municipality. Raises `InvalidInput` with the place."""
    try:
        data = definitions.read_yaml(source)
        if not isinstance(data, dict) or data.get("service") != offering.template_key:
            raise _refusal(
                _("These are not the settings of this service (“service: %(key)s”).")
                % {"key": offering.template_key}
            )
        found = Overlay.model_validate(data.get("settings") or {})
    except definitions.DefinitionError as error:
        raise _refusal(reasons.reason(error.message)) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _refusal(
            _("This value cannot be read: settings.%(place)s") % {"place": place}
        ) from None
    except RecursionError:
        raise _refusal(_("The text is nested too deeply.")) from None
    return found if found.department else found.model_copy(
        update={"department": offering.department.key}
    )  # fmt: skip


def _refusal(message: str) -> InvalidInput:
    return InvalidInput({"source": [message]}, message)
