"""The base of every Celery task, and the sweep over all municipalities."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from tenant_schemas_celery.task import TenantTask

from tenants.errors import OutsideTenant


class TownTask(TenantTask):
    """A task of one municipality; the worker refuses it when the message names none.

    tenant-schemas-celery silently runs such a task in ``public``. Platform-wide tasks say so with
    ``platform_wide=True`` and then own no town's rows.
    """

    abstract = True
    platform_wide = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        schema = self._schema_name()
        if self.platform_wide:
            if schema not in (None, "public"):
                raise OutsideTenant(f"{self.name} is platform-wide but came from '{schema}'")
        elif schema in (None, "public"):
            raise OutsideTenant(f"{self.name} came without a municipality and was refused")
        return super().__call__(*args, **kwargs)

    def _schema_name(self) -> str | None:
        headers = self.request.headers or {}
        name = headers.get("_schema_name") or self.request.get("_schema_name")
        return str(name) if name else None


@shared_task(name="tenants.sweep_outboxes", platform_wide=True)
def sweep_outboxes() -> None:
    """Ask every municipality's outbox for due rows: what a lost broker message forgot is found."""
    from common.tasks import drain_outbox  # noqa: PLC0415  tasks load after the Celery app
    from tenants.models import Municipality  # noqa: PLC0415

    for schema_name in Municipality.objects.filter(is_active=True).values_list(
        "schema_name", flat=True
    ):
        drain_outbox.apply_async(headers={"_schema_name": schema_name}, expires=60)
