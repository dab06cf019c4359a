"""Logs, metrics and traces as settings; docs/observability.md says what they do.

Traces obey OpenTelemetry's own variables, OTEL_*, which its SDK reads by itself; here is only whether
they are on at all.
"""

import ipaddress

from django.core.exceptions import ImproperlyConfigured

from chatchat.environment import env
from chatchat.telemetry import logs

#: Quiet on a laptop: the terminal is for what needs doing.
_EMBEDDED = not env.str("DATABASE_URL", default="").startswith(("mysql", "mariadb")) and not env.str(
    "REDIS_URL", default=""
)
LOG_LEVEL = env.str("LOG_LEVEL", default="").upper() or ("WARNING" if _EMBEDDED else "INFO")
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise ImproperlyConfigured("LOG_LEVEL is one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
LOG_FORMAT = env.str("LOG_FORMAT", default="") or ("text" if _EMBEDDED else "json")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured("LOG_FORMAT is text or json")
LOGGING = logs.configuration(form=LOG_FORMAT, level=LOG_LEVEL)

#: Who may read /metrics; with a token only who has it, from anywhere.
METRICS_ALLOW = [
    ipaddress.ip_network(network)
    for network in env.list(
        "METRICS_ALLOW",
        default=["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
    )
]
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")


def _traces() -> str:
    """``otlp`` where an endpoint is named, ``console`` where that is asked for, otherwise ``none``."""
    if env.bool("OTEL_SDK_DISABLED", default=False):
        return "none"
    endpoint = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="") or env.str(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", default=""
    )
    exporter: str = env.str("OTEL_TRACES_EXPORTER", default="") or ("otlp" if endpoint else "none")
    if exporter not in ("otlp", "console", "none"):
        raise ImproperlyConfigured("OTEL_TRACES_EXPORTER is otlp, console or none")
    return exporter


TRACES = _traces()
