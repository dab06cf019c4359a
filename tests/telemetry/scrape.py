"""/metrics as a scraper reads it."""

from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.stack.server import Server


class Metrics:
    """What a process told at one moment: `metrics("chatchat_frames_in_total", type="ping")`."""

    def __init__(self, text: str) -> None:
        self.samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self.samples[sample.name, frozenset(sample.labels.items())] = sample.value

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of all samples of this name that have these labels; 0 if there are none."""
        wanted = labels.items()
        return sum(value for (key, has), value in self.samples.items() if key == name and wanted <= has)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.samples}


def scrape(server: Server, **kwargs: Any) -> Metrics:
    """All of a server's metrics."""
    answer = httpx.get(f"{server.url}/metrics", timeout=20, **kwargs)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return Metrics(answer.text)
