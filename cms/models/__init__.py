from cms.models.branding import Branding, Office
from cms.models.form_edit import FormEdit
from cms.models.overlay_edit import OverlayEdit
from cms.models.pages import (
    ContentPage,
    HomePage,
    NewsIndexPage,
    NewsPage,
    ServiceIndexPage,
    ServicePage,
    TownPage,
)
from cms.models.search import SearchEntry

__all__ = [
    "Branding",
    "ContentPage",
    "FormEdit",
    "HomePage",
    "NewsIndexPage",
    "NewsPage",
    "Office",
    "OverlayEdit",
    "SearchEntry",
    "ServiceIndexPage",
    "ServicePage",
    "TownPage",
]
