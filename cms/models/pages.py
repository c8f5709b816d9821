"""The kinds of page a town has."""

from __future__ import annotations

from http import HTTPMethod
from typing import Any, ClassVar

from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page, PageViewRestriction

from cms import facts
from cms.blocks import PlainBody, ServiceBody, standard_service_body


class TownPage(Page):
    """What all pages share. A municipality is one site, and its pages are public."""

    #: Followed when the page is served, so that it needs no query of its own.
    served_with: ClassVar[tuple[str, ...]] = ("locale",)
    #: `cms.models.SearchEntry.Kind` of the page; empty: not found by the search.
    search_kind: ClassVar[str] = ""

    allowed_http_methods: ClassVar[list[HTTPMethod]] = [
        HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS,
    ]  # fmt: skip
    private_page_options: ClassVar[list[str]] = []
    promote_panels = [
        MultiFieldPanel(
            [FieldPanel("slug"), FieldPanel("seo_title"), FieldPanel("search_description")],
            heading=_("For search engines"),
        )
    ]

    class Meta:
        abstract = True

    def get_url(self, request: Any = None, current_site: Any = None) -> str | None:
        """A link within the town. Wagtail would look up the site of the request first."""
        parts = self.get_url_parts(request)
        return parts[2] if parts else None

    url = property(get_url)

    def get_view_restrictions(self) -> QuerySet[PageViewRestriction]:
        # Restricting is switched off above; Wagtail would ask the database twice for each page.
        return PageViewRestriction.objects.none()

    def searchable(self) -> dict[str, Any]:
        """Summary, body, search words and date for `cms.search.index`."""
        return {"summary": self.search_description}


class HomePage(TownPage):
    """The town's first page. Services and news come by themselves."""

    lead = models.TextField(_("lead"), blank=True, help_text=_("One or two sentences."))

    template = "cms/home.html"
    content_panels = [*Page.content_panels, FieldPanel("lead")]
    parent_page_types: ClassVar[list[str]] = ["wagtailcore.Page"]
    subpage_types: ClassVar[list[str]] = [
        "cms.ServiceIndexPage", "cms.NewsIndexPage", "cms.ContentPage",
    ]  # fmt: skip

    class Meta:
        verbose_name = _("home page")

    def get_context(self, request: HttpRequest, *args: Any, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **options)
        news = NewsPage.objects.descendant_of(self).live().order_by("-date", "-pk")
        return context | {"groups": services_by_kind(self), "news": list(news[:3])}


class ServiceIndexPage(TownPage):
    """All services."""

    introduction = models.TextField(_("introduction"), blank=True)

    template = "cms/service_index.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage"]
    subpage_types: ClassVar[list[str]] = ["cms.ServicePage"]
    max_count_per_parent = 1
    show_in_menus_default = True

    class Meta:
        verbose_name = _("list of services")

    def get_context(self, request: HttpRequest, *args: Any, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **options)
        return context | {"groups": services_by_kind(self)}


def services_by_kind(page: Page) -> list[tuple[Any, list[ServicePage]]]:
    """Titles of kinds with their service pages below `page`; kinds without one are left out."""
    pages = list(
        ServicePage.objects.descendant_of(page)
        .live()
        .filter(offering__is_published=True)
        .select_related("offering", "locale")
        .order_by("path")
    )
    groups = (
        (title, [page for page in pages if page.offering.kind == kind])
        for kind, title in facts.KIND_TITLES.items()
    )
    return [(title, found) for title, found in groups if found]


class ServicePage(TownPage):
    """One service: what it is, for whom, what it costs, how long it takes, and the way in."""

    offering = models.ForeignKey(
        "catalogue.Offering",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("service"),
    )
    summary = models.TextField(
        _("summary"),
        blank=True,
        help_text=_("One or two sentences. Empty: as the service template says."),
    )
    body = StreamField(
        ServiceBody(), verbose_name=_("content"), blank=True, default=standard_service_body
    )

    served_with = ("offering__department", "locale")
    search_kind = "service"
    template = "cms/service.html"
    content_panels = [
        *Page.content_panels,
        FieldPanel("offering"),
        FieldPanel("summary"),
        FieldPanel("body"),
    ]
    parent_page_types: ClassVar[list[str]] = ["cms.ServiceIndexPage"]
    subpage_types: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("service page")

    @property
    def lead(self) -> str:
        return self.summary or self.offering.summary.in_language(self.language_code)

    @property
    def language_code(self) -> str:
        return str(self.locale.language_code)

    def get_context(self, request: HttpRequest, *args: Any, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **options)
        service = self.offering.template.service
        return context | {
            "offering": self.offering,
            "service": service,
            "clock": facts.clock_words(self.offering.workflow.clock),
            "minutes": facts.minutes_words(service.minutes),
        }

    def searchable(self) -> dict[str, Any]:
        service = self.offering.template.service
        language = self.language_code
        answers = (part for pair in service.questions_and_answers for part in pair)
        body = [service.who, *service.bring, *service.how_it_goes, *answers]
        return {
            "summary": self.lead,
            "body": " ".join(text.in_language(language) for text in body),
            # The titles in every language: “park” finds the Japanese page too.
            "words": [*self.offering.title.values(), *service.search_words],
        }


class NewsIndexPage(TownPage):
    """News, newest first."""

    PER_PAGE: ClassVar[int] = 20

    template = "cms/news_index.html"
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage"]
    subpage_types: ClassVar[list[str]] = ["cms.NewsPage"]
    max_count_per_parent = 1
    show_in_menus_default = True

    class Meta:
        verbose_name = _("list of news")

    def get_context(self, request: HttpRequest, *args: Any, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **options)
        number = request.GET.get("page", "")
        page = max(int(number), 1) if number.isascii() and number.isdigit() else 1
        start = (min(page, 1000) - 1) * self.PER_PAGE
        news = NewsPage.objects.child_of(self).live().order_by("-date", "-pk")
        # One more than shown tells whether there is another page, without counting.
        found = list(news[start : start + self.PER_PAGE + 1])
        return context | {
            "news": found[: self.PER_PAGE],
            "newer": page - 1 if page > 1 else None,
            "older": page + 1 if len(found) > self.PER_PAGE else None,
        }


class NewsPage(TownPage):
    """One piece of news."""

    date = models.DateField(_("date"), default=timezone.localdate)
    summary = models.TextField(_("summary"), blank=True)
    body = StreamField(PlainBody(), verbose_name=_("content"), blank=True)

    search_kind = "news"
    template = "cms/news.html"
    content_panels = [
        *Page.content_panels,
        FieldPanel("date"),
        FieldPanel("summary"),
        FieldPanel("body"),
    ]
    parent_page_types: ClassVar[list[str]] = ["cms.NewsIndexPage"]
    subpage_types: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("news item")

    def searchable(self) -> dict[str, Any]:
        return {"summary": self.summary, "body": _plain(self.body), "date": self.date}


class ContentPage(TownPage):
    """Anything else: what we do with your data, accessibility."""

    summary = models.TextField(_("summary"), blank=True)
    body = StreamField(PlainBody(), verbose_name=_("content"), blank=True)

    search_kind = "page"
    template = "cms/content.html"
    content_panels = [*Page.content_panels, FieldPanel("summary"), FieldPanel("body")]
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage", "cms.ContentPage"]
    subpage_types: ClassVar[list[str]] = ["cms.ContentPage"]
    show_in_menus_default = True

    class Meta:
        verbose_name = _("page")

    def searchable(self) -> dict[str, Any]:
        return {"summary": self.summary, "body": _plain(self.body)}


def _plain(body: Any) -> str:
    """The words of a stream, without its markup."""
    parts: list[str] = []
    for block in body:
        parts += block.block.get_searchable_content(block.value)
    return " ".join(str(part) for part in parts)
