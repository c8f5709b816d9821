from cms.models.branding import Branding, Office
from cms.models.form_edit import FormEdit
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
    "SearchEntry",
    "ServiceIndexPage",
    "ServicePage",
    "TownPage",
]
