"""Foreign keys to rows that a process keeps: published versions for good, a few others for seconds.

A page of a case or a draft would otherwise join, fetch and parse the same form, offering and
department every time. A form's definition is by far the largest value of such a row, and each join
costs the database more in planning than in reading.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor

from common.database import connection

#: How old a title or a name on a page may be, in seconds.
A_MOMENT = 5.0
#: Rows kept by a process, over all municipalities. A published form is some 10 kB.
MOST_KEPT = 2_000

_Key = tuple[str, str, Any]
_kept: OrderedDict[_Key, tuple[float, Any]] = OrderedDict()
_lock = threading.Lock()


def forget() -> None:
    """Read everything afresh from now on, in this process."""
    with _lock:
        _kept.clear()


def for_a_moment(name: str, read: Callable[[], Any]) -> Any:
    """What `read` gives in the current municipality, kept by the process for `A_MOMENT`."""
    key = (connection.schema_name, name, None)
    until, found = _kept.get(key, (0.0, None))
    now = time.monotonic()
    if until < now:
        found = read()
        with _lock:
            _kept[key] = (now + A_MOMENT, found)
    return found


class _Kept(ForwardManyToOneDescriptor):
    def get_object(self, instance: models.Model) -> models.Model:
        """The row that `instance` points to, from this process or the database."""
        field: KeptForeignKey = self.field
        label = field.remote_field.model._meta.label  # noqa: SLF001  Django's own name for it
        key = (connection.schema_name, label, getattr(instance, field.attname))
        until, found = _kept.get(key, (0.0, None))
        now = time.monotonic()
        if found is None or until < now:
            found = super().get_object(instance)
            with _lock:
                _kept[key] = (now + field.seconds, found)
                if len(_kept) > MOST_KEPT:
                    _kept.popitem(last=False)
        return found


class KeptForeignKey(models.ForeignKey[Any, Any]):
    """A foreign key whose object a process keeps for `seconds`; by default for good.

    For good is right for rows that are never changed. Elsewhere a page may show what was true
    `seconds` ago; what must be exact asks the database by a query of its own. To the database it
    is an ordinary foreign key. The object is shared: do not set anything on it.
    """

    forward_related_accessor_class = _Kept

    def __init__(self, *args: Any, seconds: float = float("inf"), **kwargs: Any) -> None:
        self.seconds = seconds
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs
