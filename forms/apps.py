from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FormsConfig(AppConfig):
    name = "forms"
    verbose_name = _("Forms")

    def ready(self) -> None:
        # The ledger's models are loaded only now.
        from audit import events  # noqa: PLC0415
        from common.chores import chores  # noqa: PLC0415
        from forms import guests, profile, resumable, unsent  # noqa: PLC0415

        events.register("draft.autofilled", wording=_("{name} filled a form from the eID"))
        events.register("draft.guest_begun", wording=_("A form was begun without signing in"))
        events.register(
            "draft.adopted", wording=_("{name} signed in and took over what was begun before")
        )
        events.register(
            "draft.guest_expired",
            wording=_("A draft that nobody had signed in for was deleted with its files"),
        )
        events.register(
            "draft.expired",
            wording=_("A draft that had not been saved for a long time was deleted with its files"),
        )
        events.register("draft.discarded", wording=_("{name} deleted a draft with its files"))
        events.register("draft.rebased", wording=_("A draft was brought to the form's new version"))
        events.register(
            "draft.tampered",
            wording=_("A verified value was changed on its way; nothing was saved"),
        )
        events.register("profile.kept", wording=_("{name} kept answers for the next application"))
        events.register(
            "profile.used", wording=_("{name} filled in answers kept from an earlier application")
        )
        events.register("profile.corrected", wording=_("{name} changed an answer that is kept"))
        events.register("profile.deleted", wording=_("{name} deleted an answer that was kept"))
        chores.register("forms.expired_profile", profile.forget_expired)
        chores.register("forms.abandoned_uploads", resumable.tidy)
        chores.register("forms.expired_guests", guests.tidy)
        chores.register("forms.unsent_drafts", unsent.tidy)
