"""What can go wrong when a municipality's data is reached."""


class OutsideTenant(RuntimeError):
    """A query for a municipality ran where no municipality is active, or outside its transaction.

    Failing here is deliberate: a forgotten context must never read another town's rows.
    """


class UnknownMunicipality(LookupError):
    """No active municipality has this schema name."""


class ProvisioningError(RuntimeError):
    """A municipality's schema could not be made or moved; nothing of it was kept."""
