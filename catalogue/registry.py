"""The catalogue: every service template among the installed apps."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.apps import apps

from catalogue.linked import check_targets
from catalogue.template import ServiceTemplate, TemplateError
from common.registry import Registry


@lru_cache(maxsize=1)
def catalogue() -> Registry[ServiceTemplate]:
    """Templates by key. An installed app that holds a ``service.yaml`` is a service.

    Raises `TemplateError` when one names another that does not fit.
    """
    registry: Registry[ServiceTemplate] = Registry("service template")
    for config in apps.get_app_configs():
        folder = Path(config.path)
        if (folder / "service.yaml").is_file():
            template = ServiceTemplate(folder, config.name.replace(".", "/"))
            registry.register(template.key, template)
    try:
        check_targets({key: registry.get(key) for key in registry})
    except ValueError as error:
        raise TemplateError(str(error)) from None
    return registry
