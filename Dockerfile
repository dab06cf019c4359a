# syntax=docker/dockerfile:1
# The server in an image: packages as requirements.txt locks them, static files collected and compressed,
# no compiler, no secret, not root. What it keeps is in /data: its volume is shared by all processes.

FROM python:3.11-slim-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev libmariadb-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt /build/
# The lock names every package's hashes; pip takes no other file. It compiles them, too: a container cannot, and would
# do so again each time that it starts, or is asked how it is.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement /build/requirements.txt

FROM python:3.11-slim-bookworm
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libmariadb3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin chatchat \
    && install --directory --owner chatchat --group chatchat --mode 0750 /data \
    && python -m compileall -q -x 'site-packages|lib2to3' /usr/local/lib/python3.11
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LC_ALL=C.UTF-8 \
    STATIC_ROOT=/app/collected \
    VAR_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000
# Collecting asks for settings, and so for a key; this one signs nothing. What it keeps meanwhile goes with it.
RUN SECRET_KEY=only-while-the-image-is-built-and-never-used VAR_DIR=/tmp/build python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q accounts chatchat groups messaging oauth_provider social \
    && rm -rf /tmp/build
USER 10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "chatchat.healthcheck"]
CMD ["python", "-m", "chatchat.server"]
