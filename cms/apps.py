from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = _("Website")

    def ready(self) -> None:
        from audit import events  # noqa: PLC0415  models must be loaded
        from cms import receivers  # noqa: PLC0415  models must be loaded

        events.register("form.published", wording=_("A form was changed and published"))
        events.register("form.discarded", wording=_("A form in preparation was discarded"))
        events.register(
            "offering.settings_discarded",
            wording=_("Settings of a service in preparation were discarded"),
        )
        receivers.connect()
