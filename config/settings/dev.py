"""Development and the demo: sandbox services on, plain HTTP on localhost."""

from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, INSTALLED_APPS, env

SECRET_KEY = env.str("SECRET_KEY", default="development only, not a secret")
DEBUG = env.bool("DEBUG", default=False)
SANDBOX = True
ALLOWED_HOSTS = [".localhost", "localhost", "127.0.0.1"]
PUBLIC_SCHEME = "http"
PUBLIC_PORT = env.str("PUBLIC_PORT", default="8000")
INSTALLED_APPS = [*INSTALLED_APPS, "sandbox"]
LOG_FORMAT = env.str("LOG_FORMAT", default="console")
LOGGING = {"level": env.str("LOG_LEVEL", default="INFO"), "format": LOG_FORMAT}
EID_ALLOW_HTTP = True
# Browsers take passkeys at localhost without HTTPS, too.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
PAYMENTS_PROVIDER = "sandbox"
SANDBOX_PAY_SECRET = env.str(
    "SANDBOX_PAY_SECRET", default="development only, the sandbox payment secret"
)
SANDBOX_PAY_URL = env.str("SANDBOX_PAY_URL", default="")
SANDBOX_MAIL_DIR = env.str("SANDBOX_MAIL_DIR", default=str(BASE_DIR / "var" / "mail"))
EMAIL_BACKEND = "sandbox.mail.backend.EmailBackend"
SMS_PROVIDER = "sandbox.mail.sms.SandboxSms"
