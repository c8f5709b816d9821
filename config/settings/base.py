"""Settings shared by every deployment. Everything that differs comes from the environment."""

from pathlib import Path

import environ
from celery.schedules import crontab

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

SECRET_KEY = env.str("SECRET_KEY", default="")
# Former ones, while it is being changed: links in mails and sessions made with them still work.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# For answers such as the Individual Number (`forms.sensitive`): the newest first; the others open
# what was sealed with them. None: SECRET_KEY and its fallbacks.
SENSITIVE_ANSWER_KEYS = env.list("SENSITIVE_ANSWER_KEYS", default=[])
DEBUG = False
# Host of the platform's own pages; a municipality's host is its own row in tenants.Domain.
PLATFORM_DOMAIN = env.str("PLATFORM_DOMAIN", default="localhost")
# Scheme and port that residents see, for links in mails and on letters.
PUBLIC_SCHEME = env.str("PUBLIC_SCHEME", default="https")
PUBLIC_PORT = env.str("PUBLIC_PORT", default="")
# Only hosts in the registry are served (tenants.middleware); this is the outer fence.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[f".{PLATFORM_DOMAIN}"])
# The demo's own pages: persona list, mail, payment provider. Never in production.
SANDBOX = False

ROOT_URLCONF = "config.urls"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
WSGI_APPLICATION = "config.wsgi.application"

# --- Rooms ------------------------------------------------------------------------------------
SHARED_APPS = ["django_tenants", "tenants"]
SERVICE_APPS = [
    "services.permits.park_use",
    "services.permits.road_occupancy",
    "services.permits.outdoor_advertisement",
    "services.permits.street_stalls",
    "services.permits.dog_registration",
    "services.permits.event",
    "services.benefits.child_allowance",
    "services.benefits.school_aid",
    "services.benefits.tax_exempt_household",
    "services.benefits.child_medical_aid",
    "services.appeals.review_request",
]
TENANT_APPS = [
    # Ours come first so that our templates win over those of the libraries.
    "common",
    "audit",
    "identity",
    "rules",
    "forms",
    "workflow",
    "documents",
    "notifications",
    "billing",
    "catalogue",
    "cases",
    *SERVICE_APPS,
    "portal",
    "backoffice",
    "cms",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail.locales",
    "wagtail",
    "modelcluster",
    "taggit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "django.contrib.humanize",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]

# The order is meaning: the municipality first (everything below reads its schema), the rollback
# last (closest to the view).
MIDDLEWARE = [
    "common.health.HealthMiddleware",
    "common.logging.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.compression.CompressionMiddleware",
    "tenants.middleware.MunicipalityMiddleware",
    "common.content_policy.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "common.cleaning.CleaningMiddleware",
    "identity.middleware.UserMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.RollbackOnError",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cms.context.branding",
            ],
            "libraries": {"i18n": "common.templatetags.texts"},
            "builtins": ["common.templatetags.constants"],
        },
    },
]

# --- Municipalities ---------------------------------------------------------------------------
TENANT_MODEL = "tenants.Municipality"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_LIMIT_SET_CALLS = True
# What a town's role may do on a table, where it is less than everything.
TOWN_TABLE_PRIVILEGES = {
    "django_migrations": "SELECT",
    "audit_ledgerentry": "SELECT, INSERT",
    "audit_ledgerseal": "SELECT",
    "audit_ledgerhead": "SELECT",
}

# --- Database ---------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url(
        "DATABASE_URL", default="postgres:///madoguchi", engine="tenants.postgresql"
    )
}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Statements that every page asks are planned once after that many times; 0 for a pooler between
# here and PostgreSQL that cannot hold prepared statements (PgBouncer before 1.22).
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = (
    env.int("DATABASE_PREPARE_THRESHOLD", default=5) or None
)
# The owner of the schemas: migrations and provisioning only (tenants.owner).
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache and worker -------------------------------------------------------------------------
VALKEY_URL = env.str("VALKEY_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "common.cache.ForgivingRedisCache",
        "LOCATION": VALKEY_URL.replace("redis+socket://", "unix://"),
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        "TIMEOUT": 300,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1.0},
    }
}
CELERY_BROKER_URL = VALKEY_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 240  # hard limit < visibility timeout, so nothing runs twice at a time
CELERY_TASK_SOFT_TIME_LIMIT = 200
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "socket_connect_timeout": 1}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TENANT_CACHE_SECONDS = 30
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "sweep-outboxes": {"task": "tenants.sweep_outboxes", "schedule": 15.0},
    # Ten past three at night in Japan.
    "begin-chores": {"task": "tenants.begin_chores", "schedule": crontab(hour="18", minute="10")},
}

# --- People -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = [
    "identity.backends.EidBackend",
    "identity.backends.StaffBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "identity:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "identity:signed_out"

# eID, in seconds. Signing keys are kept, and looked up again for an unknown key id at most once in
# EID_JWKS_REFRESH_SECONDS.
EID_CONNECT_TIMEOUT = env.float("EID_CONNECT_TIMEOUT", default=3.0)
EID_READ_TIMEOUT = env.float("EID_READ_TIMEOUT", default=5.0)
EID_LEEWAY_SECONDS = 30
EID_JWKS_KEEP_SECONDS = 3600
EID_JWKS_REFRESH_SECONDS = 60
EID_SIGN_IN_MINUTES = 15  # between leaving for the provider and coming back
EID_CLAIMS_FRESH_HOURS = 12  # older assertions do not fill a form
EID_ALLOW_HTTP = False

# Staff: password and a second factor, or a passkey (allauth).
ACCOUNT_ADAPTER = "identity.staff.adapter.StaffAccountAdapter"
MFA_ADAPTER = "identity.staff.adapter.StaffMfaAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    # Forms begun without signing in, and links by mail to go on with them (`identity.limits`). Many
    # telephones share one address.
    "guest_draft": "30/h/ip",
    "guest_link": "20/h/ip",
    "guest_link_to": "5/d/key",
    # Codes that show an address before something is sent without signing in, and links to go on
    # with what was sent so, for one address, number or case.
    "guest_code": "20/h/ip",
    "guest_code_to": "5/h/key",
    "case_link": "20/h/ip",
    "case_link_to": "5/h/key",
    # Numbers of letters that the town prepared, tried with a date of birth: by whom, and for one
    # number.
    "prepared_letter": "40/h/ip",
    "prepared_letter_number": "10/d/key",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

SESSION_ENGINE = "identity.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 4
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

# Levels of messages by the names that the stylesheet knows.
MESSAGE_TAGS = {20: "", 25: "ok", 30: "warn", 40: "bad"}

# --- Languages and time -----------------------------------------------------------------------
LANGUAGE_CODE = "ja"
FORMAT_MODULE_PATH = ["config.formats"]
LANGUAGES = [("ja", "日本語"), ("en", "English")]
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
WAGTAIL_I18N_ENABLED = True
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

# --- Files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "tenants.files.PublicStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# What a resident has begun and not gone on with is deleted so long after it was last saved, and not
# without a notice thirty days before (`forms.unsent`).
DRAFT_KEPT_DAYS = env.int("DRAFT_KEPT_DAYS", default=365)

# Attachments are scanned by ClamAV where its socket is named (path or host:port).
CLAMAV_SOCKET = env.str("CLAMAV_SOCKET", default="")

# --- Map --------------------------------------------------------------------------------------
# Pictures of the map below a place's boxes: an address with {z}, {x} and {y}; who is named for
# them; a public map's page where a place is. The browsers of residents and staff ask there, and
# only when somebody opens a map. Empty: no map anywhere.
MAP_TILES = env.str(
    "MAP_TILES", default="https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png"
)
MAP_CREDIT = env.str("MAP_CREDIT", default="国土地理院")
MAP_CREDIT_URL = env.str(
    "MAP_CREDIT_URL", default="https://maps.gsi.go.jp/development/ichiran.html"
)
MAP_PAGE = env.str("MAP_PAGE", default="https://maps.gsi.go.jp/#17/{north}/{east}/")

# --- Mail -------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="madoguchi@localhost")
EMAIL_TIMEOUT = 10
# Where mail that cannot be delivered comes back to (the envelope's sender); each mail gets an
# address of its own, bounces+<mark>@…. `manage.py take_bounces` reads it. Empty: the From address.
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")

# --- Other channels of notices ----------------------------------------------------------------
# Dotted path of a class as `notifications.channels.sms.SmsProvider`; empty: no SMS is offered.
SMS_PROVIDER = env.str("SMS_PROVIDER", default="")
# Only tests: webhooks by http, and to this machine.
WEBHOOK_MAY_CALL_ANYWHERE = False

# --- Brand and payments -----------------------------------------------------------------------
# Lower rooms (letters, mails) ask this function for colour, mark, seal and contact of the town.
BRAND_PROVIDER = "cms.brand.current"
# By schema: {"kind": "pkcs12", "path": …, "passphrase_file": …}
# (documents/signing.py). A municipality that is not named issues its letters unsigned.
LETTER_SIGNING = env.json("LETTER_SIGNING", default={})
PAYMENTS_PROVIDER = env.str("PAYMENTS_PROVIDER", default="")
# By schema: {"api_key_file": …, "webhook_secret_file": …} (billing/providers/stripe_checkout.py).
# A municipality that is not named takes no cards.
STRIPE_ACCOUNTS = env.json("STRIPE_ACCOUNTS", default={})
# Where Stripe's page may be: the payer's browser is sent nowhere else.
STRIPE_ORIGINS = env.list("STRIPE_ORIGINS", default=["https://checkout.stripe.com"])
STRIPE_API_BASE = ""  # only tests: another one than Stripe's own
# The payments library wants a host to build addresses with; all addresses are built by us.
PAYMENT_HOST = "unused.invalid"
SANDBOX_PAY_SECRET = ""
SANDBOX_PAY_URL = ""

# --- Browser security -------------------------------------------------------------------------
_self = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [_self],
        "style-src": [_self],
        "img-src": [_self, "data:"],
        "font-src": [_self],
        "connect-src": [_self],
        "form-action": [_self],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": [_self],
    },
    # Wagtail's admin carries inline scripts; it is behind staff sign-in with a second factor.
    "EXCLUDE_URL_PREFIXES": ("/admin/",),
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"

# --- Wagtail ----------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = "Madoguchi"
WAGTAILADMIN_BASE_URL = f"{PUBLIC_SCHEME}://{PLATFORM_DOMAIN}"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILUSERS_PASSWORD_REQUIRED = False
WAGTAILADMIN_LOGIN_URL = "account_login"
WAGTAIL_FRONTEND_LOGIN_URL = "/sign-in/"
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
WAGTAIL_WORKFLOW_ENABLED = False  # a town's editor publishes directly
WAGTAILADMIN_COMMENTS_ENABLED = False
WAGTAIL_APPEND_SLASH = True
WAGTAILIMAGES_EXTENSIONS = ["gif", "jpg", "jpeg", "png", "webp"]
WAGTAILEMBEDS_FINDERS: list[str] = []  # no page embeds foreign content, so nothing may fetch it
TAGGIT_CASE_INSENSITIVE = True
WAGTAIL_ALLOW_UNICODE_SLUGS = False

# --- Logs -------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOGGING_CONFIG = "common.logging.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}

# Two libraries of one name: ours stands for Django's "i18n" (`common.templatetags.texts`); a test
# looks that it is the only one.
SILENCED_SYSTEM_CHECKS = ["templates.W003"]
