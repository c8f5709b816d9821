"""Wagtail's administration, cut down to what a town's editor needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from cms.building import access
from cms.building import urls as form_urls
from cms.lettering import urls as letter_urls

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


class FormsMenuItem(MenuItem):
    """The form builder, for those who may edit at least one service."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(access.offerings(request.user))


@hooks.register("register_admin_urls")
def form_builder() -> list[URLPattern | URLResolver]:
    return [path("forms/", include(form_urls)), path("letters/", include(letter_urls))]


@hooks.register("register_admin_menu_item")
def forms_menu_item() -> MenuItem:
    return FormsMenuItem(
        _("Application forms"),
        reverse("cms_forms:index"),
        name="forms",
        icon_name="form",
        order=250,
    )


@hooks.register("register_admin_menu_item")
def letters_menu_item() -> MenuItem:
    return FormsMenuItem(
        _("Letters"), reverse("cms_letters:index"), name="letters", icon_name="doc-full", order=260
    )
