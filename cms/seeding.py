"""A town's site from its specification: locales, site, pages in both languages, branding.

Idempotent: what is there stays as it is, also what editors changed; what is missing is added (the
page of a newly adopted service, for instance). Run it inside `tenants.context.municipality`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.utils.html import escape, format_html, format_html_join
from wagtail.models import GroupPagePermission, Locale, Page, Site

from catalogue.models import Offering
from cms import blocks, brand
from cms.models import (
    Branding,
    ContentPage,
    HomePage,
    NewsIndexPage,
    NewsPage,
    Office,
    ServiceIndexPage,
    ServicePage,
)
from cms.search import index
from cms.town_spec import PlainPage, Section, ServiceSpec, TownSpec
from common.text import Text
from identity.models import Department
from tenants import links

EDITORS = "Editors"
SERVICES = Text({"ja": "手続き", "en": "Services"})
NEWS = Text({"ja": "お知らせ", "en": "News"})

P = TypeVar("P", bound=Page)


def seed_site(*, town_spec: TownSpec, offerings: Iterable[Offering]) -> HomePage:
    """Everything public of a town. Returns its Japanese home page.

    Departments of the specification get their office card where they exist.
    """
    seed_branding(town_spec)
    seed_offices(town_spec)
    homes = _homes(town_spec)
    # What is begun from a case only has no page of its own.
    offerings = [one for one in offerings if not one.template.service.only_from_a_case]
    for language, home in homes.items():
        _pages_of(home, language, homes, town_spec, offerings)
    seed_editors(homes.values())
    index.rebuild()
    brand.forget()
    return homes[settings.LANGUAGE_CODE]


def seed_branding(spec: TownSpec) -> Branding:
    """The town's one row of branding. Raises `ValidationError` for colours nobody could read."""
    existing = Branding.objects.first()
    if existing is not None:
        return existing
    contact = spec.contact
    branding = Branding(
        **spec.palette.model_dump(),
        mark=spec.mark,
        pattern=spec.pattern,
        seal=spec.seal,
        slogan=spec.slogan,
        introduction=spec.introduction,
        postal_code=contact.postal_code,
        address=contact.address,
        phone=contact.phone,
        email=contact.email,
        hours=contact.hours,
        closed=contact.closed,
        centre=contact.centre,
        mayor=spec.mayor.name,
        mayor_title=spec.mayor.title,
        appeal_authority=spec.appeal_authority,
    )
    branding.full_clean()
    branding.save()
    return branding


def seed_offices(spec: TownSpec) -> None:
    """An office card for each department that exists."""
    departments = {department.key: department for department in Department.objects.all()}
    for item in spec.departments:
        if item.key in departments:
            Office.objects.get_or_create(
                department=departments[item.key],
                defaults={
                    "place": item.place,
                    "phone": item.phone,
                    "email": item.email,
                    "does": item.does,
                },
            )


def seed_editors(homes: Iterable[HomePage]) -> Group:
    """The group whose members write the pages; Wagtail made it, here it gets what it needs."""
    group, _created = Group.objects.get_or_create(name=EDITORS)
    wanted = Permission.objects.filter(
        content_type__app_label="wagtailadmin", codename="access_admin"
    ) | Permission.objects.filter(
        content_type__app_label="cms",
        codename__in=["change_branding", "add_office", "change_office", "delete_office"],
    )
    group.permissions.add(*wanted)
    GroupPagePermission.objects.filter(group=group, page__depth=1).delete()
    page_permissions = Permission.objects.filter(
        content_type__app_label="wagtailcore",
        content_type__model="page",
        codename__in=["add_page", "change_page", "publish_page"],
    )
    for home in homes:
        for permission in page_permissions:
            GroupPagePermission.objects.get_or_create(
                group=group, page=home.page_ptr, permission=permission
            )
    return group


def _homes(spec: TownSpec) -> dict[str, HomePage]:
    """The home page of each language; the site begins at the default language's."""
    root = Page.objects.get(depth=1)
    locales = {
        code: Locale.objects.get_or_create(language_code=code)[0]
        for code, _name in settings.LANGUAGES
    }
    first: HomePage | None = None
    homes = {}
    for code, locale in locales.items():
        homes[code] = first = _ensure(
            root,
            HomePage,
            slug=code,
            locale=locale,
            like=first,
            title=spec.name.in_language(code),
            lead=spec.lead.in_language(code),
            search_description=spec.introduction.in_language(code),
        )
    _site(spec, homes[settings.LANGUAGE_CODE])
    return homes


def _site(spec: TownSpec, home: HomePage) -> None:
    address = urlsplit(links.absolute("/"))
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    before = site.root_page if site.pk else None
    site.hostname = address.hostname or ""
    site.port = address.port or (443 if address.scheme == "https" else 80)
    site.site_name = str(spec.name.in_language(settings.LANGUAGE_CODE))
    site.root_page = home.page_ptr
    site.save()
    # The page “Welcome to your new Wagtail site!” of Wagtail's own migration.
    if before is not None and before.specific_class is Page:
        before.delete()


def _pages_of(
    home: HomePage,
    language: str,
    homes: Mapping[str, HomePage],
    spec: TownSpec,
    offerings: list[Offering],
) -> None:
    def ensure(parent: Page, model: type[P], slug: str, **fields: Any) -> P:
        return _ensure(
            parent,
            model,
            slug=slug,
            locale=home.locale,
            like=_counterpart(homes, parent, model, slug),
            **fields,
        )

    services = ensure(
        home,
        ServiceIndexPage,
        "services",
        title=SERVICES.in_language(language),
        introduction=spec.services_lead.in_language(language),
        show_in_menus=True,
    )
    for offering in offerings:
        own = spec.services.get(offering.template_key, ServiceSpec())
        ensure(
            services,
            ServicePage,
            offering.slug,
            title=offering.title.in_language(language),
            offering=offering,
            body=service_body(own, language),
        )
    news = ensure(home, NewsIndexPage, "news", title=NEWS.in_language(language), show_in_menus=True)
    for item in spec.news:
        ensure(
            news,
            NewsPage,
            item.slug,
            title=item.title.in_language(language),
            summary=item.summary.in_language(language),
            date=item.date,
            body=[("text", _paragraphs(item.body, language))],
        )
    for page in spec.pages:
        ensure(home, ContentPage, page.slug, **_plain_page(page, spec, language))


def service_body(own: ServiceSpec, language: str) -> list[tuple[str, Any]]:
    """The body of a service page: the template's words, with what the town adds."""
    body = blocks.standard_service_body()
    for name, value in body:
        if name == "fees":
            value["rows"] = [
                {
                    "rate": row.rate,
                    "label": row.label.in_language(language),
                    "unit": row.unit.in_language(language),
                }
                for row in own.fee_rows
            ]
            value["note"] = own.fee_note.in_language(language)
    if own.notice:
        title, text = own.notice
        notice = {"title": title.in_language(language), "text": text.in_language(language)}
        body.insert(0, ("notice", notice))
    return body


def _plain_page(page: PlainPage, spec: TownSpec, language: str) -> dict[str, Any]:
    def fill(text: Text) -> str:
        return text.in_language(language).format(
            town=spec.name.in_language(language),
            phone=spec.contact.phone,
            email=spec.contact.email,
        )

    return {
        "title": fill(page.title),
        "summary": fill(page.summary),
        "body": [("text", _section(section, fill)) for section in page.sections],
        "show_in_menus": True,
    }


def _section(section: Section, fill: Any) -> str:
    parts = []
    if section.heading:
        parts.append(format_html("<h2>{}</h2>", fill(section.heading)))
    parts += [format_html("<p>{}</p>", fill(paragraph)) for paragraph in section.paragraphs]
    if section.points:
        points = format_html_join("", "<li>{}</li>", ((fill(point),) for point in section.points))
        parts.append(format_html("<{0}>{1}</{0}>", "ol" if section.ordered else "ul", points))
    return "".join(parts)


def _paragraphs(texts: Iterable[Text], language: str) -> str:
    return "".join(f"<p>{escape(text.in_language(language))}</p>" for text in texts)


def _counterpart(
    homes: Mapping[str, HomePage], parent: Page, model: type[P], slug: str
) -> P | None:
    """The page of the same slug in another language, whose translation a new one becomes."""
    others = [home.path for home in homes.values() if not parent.path.startswith(home.path)]
    pattern = "|".join(re.escape(path) for path in others)
    return model.objects.filter(path__regex=f"^({pattern})", slug=slug).first() if others else None


def _ensure(
    parent: Page, model: type[P], *, slug: str, locale: Locale, like: Page | None, **fields: Any
) -> P:
    existing = model.objects.child_of(parent).filter(slug=slug).first()
    if existing is not None:
        found: P = existing
        return found
    key = {"translation_key": like.translation_key} if like is not None else {}
    page = model(slug=slug, locale=locale, **key, **fields)
    # Fresh from the database: adding a child changes path and number of children there.
    Page.objects.get(pk=parent.pk).add_child(instance=page)
    return page
