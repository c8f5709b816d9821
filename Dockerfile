# Madoguchi: one image for web, worker, beat and migrations; the command decides.
# Nothing secret is in it: every secret arrives as an environment variable when it runs.

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gettext \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements/base.txt
COPY . .
# Translations, static files with their fingerprints, and bytecode: the container writes none of it.
RUN for catalogue in locale/*/LC_MESSAGES/django.po; do \
        msgfmt --check --output-file="${catalogue%.po}.mo" "$catalogue" || exit 1; \
    done \
    && DJANGO_SETTINGS_MODULE=config.settings.base /opt/venv/bin/python manage.py collectstatic --no-input \
    && /opt/venv/bin/python -m compileall -q .

FROM python:3.11-slim-bookworm
# What WeasyPrint draws with; the last one keeps Japanese fonts in letters small and quick.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libharfbuzz-subset0 \
        libpango-1.0-0 \
        libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 madoguchi \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin madoguchi \
    && install --directory --owner=10001 --group=10001 /var/lib/madoguchi/media
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/tmp/cache \
    DJANGO_SETTINGS_MODULE=config.settings.prod \
    MEDIA_ROOT=/var/lib/madoguchi/media
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "config.wsgi:application", "--bind=0.0.0.0:8000", "--worker-class=gthread", \
     "--workers=2", "--threads=2", "--worker-tmp-dir=/dev/shm", "--no-control-socket"]
