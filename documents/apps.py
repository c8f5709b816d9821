from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = _("Documents")

    def ready(self) -> None:
        # Registries and checks are filled once the apps are loaded, not on import.
        from audit import events  # noqa: PLC0415
        from documents.checks import check_pdf_libraries, check_signing_keys  # noqa: PLC0415

        register(check_pdf_libraries)
        register(check_signing_keys)
        events.register("document.revoked", wording=_("{name} revoked a document."))
        events.register(
            "letter_wording.published", wording=_("{name} published the wording of a letter")
        )
