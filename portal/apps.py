from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from identity import claims, parked  # noqa: PLC0415  models must be loaded
        from portal import parking, queries  # noqa: PLC0415

        claims.set_form_concepts(queries.concepts_of_service)
        parked.set_may_take(parking.may_take)
