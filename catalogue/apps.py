from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "catalogue"

    def ready(self) -> None:
        from audit import events  # noqa: PLC0415  models must be loaded

        events.register("offering.adopted", wording=_("A service was added"))
        events.register("offering.upgraded", wording=_("A service was updated"))
        events.register(
            "offering.settings_published",
            wording=_("{name} changed and published the settings of a service"),
        )
        events.register("prepared_texts.changed", wording=_("{name} changed the prepared texts"))
        events.register(
            "offering.sign_in_changed", wording=_("{name} changed how one signs in for a service")
        )
