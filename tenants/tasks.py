"""The base of every Celery task, and what goes over all municipalities."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.db.models import Q
from django.utils import timezone
from tenant_schemas_celery.task import TenantTask

from common.database import connection
from common.models import OutboxRow
from tenants import context
from tenants.errors import OutsideTenant, UnknownMunicipality
from tenants.models import Municipality

PUBLIC = "public"


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
            if schema not in (None, PUBLIC):
                raise OutsideTenant(f"{self.name} is platform-wide but came from '{schema}'")
        elif schema in (None, PUBLIC):
            raise OutsideTenant(f"{self.name} came without a municipality and was refused")
        elif connection.schema_name != schema:
            raise OutsideTenant(f"{self.name} belongs to '{schema}', which is not current")
        return super().__call__(*args, **kwargs)

    @classmethod
    def get_tenant_for_schema(cls, schema_name: str) -> Municipality:
        """Only an active municipality's work is done. Raises `UnknownMunicipality`."""
        town: Municipality = super().get_tenant_for_schema(schema_name)
        if not town.is_active:
            raise UnknownMunicipality(f"no active municipality '{schema_name}'")
        return town

    def _schema_name(self) -> str | None:
        headers = self.request.headers or {}
        name = headers.get("_schema_name") or self.request.get("_schema_name")
        return str(name) if name else None


@shared_task(name="tenants.sweep_outboxes", platform_wide=True)
def sweep_outboxes() -> None:
    """Wake the worker for every municipality with due rows: what a lost message forgot is found."""
    from common.tasks import drain_outbox  # noqa: PLC0415  tasks load after the Celery app

    for town in _active_towns():
        if _has_due_rows(town):
            drain_outbox.apply_async(headers={"_schema_name": town.schema_name}, expires=60)


@shared_task(name="tenants.begin_chores", platform_wide=True)
def begin_chores() -> None:
    """Have every municipality's nightly chores done, each as a task of its own."""
    from common.tasks import run_chores  # noqa: PLC0415  tasks load after the Celery app

    for town in _active_towns():
        run_chores.apply_async(headers={"_schema_name": town.schema_name}, expires=12 * 3600)


def _active_towns() -> list[Municipality]:
    with context.public():
        return list(Municipality.objects.filter(is_active=True))


def _has_due_rows(town: Municipality) -> bool:
    now = timezone.now()
    with context.municipality(town):
        return (
            OutboxRow.objects.filter(state=OutboxRow.State.PENDING, next_at__lte=now)
            .filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now))
            .exists()
        )
