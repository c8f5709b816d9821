"""Settings of a demo that offers a service for which others sign, too, and guardians apply."""

from config.settings.dev import *  # noqa: F403
from config.settings.dev import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.services.joint_event"]
