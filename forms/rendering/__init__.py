"""HTML of the fields. Built in Python: a form step is the page most often made.

Every value goes through `escape`; only markup written in this package is trusted.
"""

from __future__ import annotations

from forms.parts import COMPOSITES
from forms.rendering import composites, fields
from forms.rendering.frame import Frame, Painter

__all__ = ["PAINTERS", "Frame"]

PAINTERS: dict[str, Painter] = {
    "text": fields.simple,
    "email": fields.simple,
    "phone": fields.simple,
    "long_text": fields.long_text,
    "number": fields.number,
    "money": fields.number,
    "date": fields.date,
    "month": fields.month,
    "choice": fields.choice,
    "multiple": fields.multiple,
    "yes_no": fields.yes_no,
    "declaration": fields.declaration,
    "file": fields.file,
    "computed": fields.computed,
    **dict.fromkeys(COMPOSITES, composites.composite),
    "group": composites.group,
}
