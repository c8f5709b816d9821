"""Wagtail's administration, cut down to what a town's editor needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks

#: Pages show no images or documents, towns share one house style, and workflows are the desk's.
_HIDDEN = {"images", "documents", "reports", "help"}
_HIDDEN_SETTINGS = {
    "sites", "locales", "collections", "workflows", "workflow-tasks", "redirects", "groups",
    "users",
}  # fmt: skip


@hooks.register("construct_main_menu")
def hide_what_is_not_used(request: HttpRequest, menu_items: list[Any]) -> None:
    menu_items[:] = [item for item in menu_items if item.name not in _HIDDEN]


@hooks.register("construct_settings_menu")
def hide_settings(request: HttpRequest, menu_items: list[Any]) -> None:
    # People and roles are the identity room's; host names and languages the platform's.
    menu_items[:] = [item for item in menu_items if item.name not in _HIDDEN_SETTINGS]


@hooks.register("construct_homepage_summary_items", order=1000)
def no_summary(request: HttpRequest, items: list[Any]) -> None:
    """Counts of pages, images and documents; last, after Wagtail's own have been added."""
    items.clear()


@hooks.register("insert_global_admin_css")
def admin_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("cms/admin.css"))
