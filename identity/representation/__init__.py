"""Acting for somebody else: who may, for whom, since when, on what basis."""
