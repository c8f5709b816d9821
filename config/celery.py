"""The Celery application: every task carries its municipality (tenants.tasks)."""

import os
from typing import Any

from celery.signals import worker_process_init
from tenant_schemas_celery.app import CeleryApp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

app = CeleryApp("madoguchi", task_cls="tenants.tasks:TownTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def warm_up(**kwargs: Any) -> None:
    """Load fonts and layout code before the first letter needs them."""
    from documents import pdf  # noqa: PLC0415  Django is set up by now

    pdf.warm_up()
