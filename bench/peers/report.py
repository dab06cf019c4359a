"""What a comparison showed: tables, where a peer is better, and whether what is claimed holds."""

import argparse
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bench.pages import python
from bench.peers.contenders import FIFTH, LOADS, PRODUCT, SAME, SATURATED, WORKS, Contender, Field

#: A core of clients that is busier than this may have been the limit, not the server.
BUSY = 0.95

Value = Callable[[Contender], float]


def middle(values: list[float]) -> float:
    return statistics.median(values) if values else 0.0


@dataclass(frozen=True)
class Measure:
    """A figure to be compared, of which less is better."""

    title: str
    unit: str
    key: tuple[str, str] | None  #: work and load; None: of the idle sockets
    of: Value

    def known_of(self, one: Contender) -> bool:
        return one.idle is not None if self.key is None else bool(one.figures.get(self.key))


def _talking(work: str, load: str) -> list[Measure]:
    key, about = (work, load), f"{WORKS[work].title}, {load}"
    return [
        Measure(f"{about}: CPU a delivery", "µs", key, lambda one: one.cpu(work, load)),
        Measure(f"{about}: p50", "ms", key, lambda one: middle(one.figures[key].p50)),
        Measure(f"{about}: p99", "ms", key, lambda one: middle(one.figures[key].p99)),
    ]


def measures() -> Iterator[Measure]:
    for work in WORKS:
        for load in LOADS:
            yield from _talking(work, load)
    yield Measure("memory a socket", "KiB", None, lambda one: one.idle.kib if one.idle else 0.0)
    yield Measure("CPU a connect", "ms", None, _connect)


def _connect(one: Contender) -> float:
    return one.idle.connect_ms + one.idle.connect_services_ms if one.idle else 0.0


# ------------------------------------------------------------------ against the best


@dataclass(frozen=True)
class Claim:
    """That chatchat needs at most (or less than) ``limit`` of what the best of the others needs."""

    about: Measure
    limit: float
    strict: bool = False
    chat_servers: bool = False  #: among the real ones only

    def verdict(self, contenders: list[Contender]) -> dict[str, Any] | None:
        """None where the run does not tell."""
        known = [one for one in contenders if self.about.known_of(one)]
        ours = [one for one in known if one.name == PRODUCT]
        others = [one for one in known if one.name != PRODUCT and (one.chat_server or not self.chat_servers)]
        if not ours or not others:
            return None
        best = min(others, key=self.about.of)
        ratio = self.about.of(ours[0]) / self.about.of(best) if self.about.of(best) > 0 else float("inf")
        holds = ratio < self.limit if self.strict else ratio <= self.limit
        word = "less than" if self.strict else "at most"
        said = f"{self.about.title}: {word} {self.limit:g} of the best"
        return {"claim": said, "ratio": round(ratio, 3), "best": best.name, "holds": holds}


def claims() -> list[Claim]:
    by_title = {measure.title: measure for measure in measures()}

    def cpu(work: str, load: str) -> Measure:
        return by_title[f"{WORKS[work].title}, {load}: CPU a delivery"]

    groups = ("group", "large")
    latencies = [
        Claim(by_title[f"{WORKS[work].title}, {FIFTH}: {which}"], 1.0)
        for work in WORKS
        for which in ("p50", "p99")
    ]
    return [
        *(Claim(cpu("dm", load), 0.5) for load in (SATURATED, FIFTH)),
        *(Claim(cpu(work, FIFTH), 0.6, strict=True) for work in groups),
        *(Claim(cpu(work, SATURATED), 0.15, strict=True) for work in groups),
        *latencies,
        Claim(by_title["memory a socket"], 1.0, strict=True, chat_servers=True),
    ]


def better(contenders: list[Contender]) -> list[str]:
    """Where one of the others is better than chatchat."""
    found = []
    for about in measures():
        known = {one.name: about.of(one) for one in contenders if about.known_of(one)}
        ours = known.pop(PRODUCT, 0.0)
        ahead = sorted((value, name) for name, value in known.items() if value < ours)
        if ahead:
            names = ", ".join(f"{name} {value:.3g}" for value, name in ahead)
            found.append(f"{about.title}: {names} {about.unit}; {PRODUCT} {ours:.3g}")
    return found


# ------------------------------------------------------------------ in words


def show(options: argparse.Namespace, field: Field) -> None:
    print(_machine())
    print(
        f"{options.rounds} rounds of {options.seconds:g} s, medians; CPU µs: of a delivery, which are ms of a"
        " thousand, with database and Redis"
    )
    for one in field.contenders:
        print(f"\n{one.name}: {one.version}\n    {one.settings}")
    for name in WORKS:
        for load in LOADS:
            _show_talk(name, load, field.contenders)
    _show_idle(options, field.contenders)
    _show_words("Where another one is better", better(field.contenders))
    verdicts = [_line(verdict) for verdict in _verdicts(field)]
    _show_words("What is claimed", verdicts)
    _show_words("Left out", [f"{name}: {why}" for name, why in field.left_out.items()])
    _show_words("Wrong", [f"{one.name}: {what}" for one in field.contenders for what in one.wrong])


def _show_words(title: str, lines: list[str]) -> None:
    if lines:
        print("\n".join([f"\n{title}", *(f"  {line}" for line in lines)]))


def _show_talk(name: str, load: str, contenders: list[Contender]) -> None:
    known = [one for one in contenders if one.figures.get((name, load))]
    if not known:
        return
    job = WORKS[name]
    how = {
        SATURATED: f"{job.outstanding} messages under way",
        FIFTH: "of its own best rate",
        SAME: "a fifth of the fastest other one's best",
    }[load]
    head = f"{'CPU µs':>9} {'of it services':>15} {'deliveries/s':>13} {'p50 ms':>8} {'p99 ms':>8}"
    print(f"\n{job.title}, {load} ({how})\n{'':<12}{head}")
    for one in known:
        found, cpu = one.figures[name, load], one.cpu(name, load)
        limit = "  clients were the limit" if middle(found.clients) > BUSY else ""
        print(
            f"{one.name:<12}{cpu:>9.2f} {middle(found.services):>15.2f} {middle(found.rate):>13,.0f}"
            f" {middle(found.p50):>8.2f} {middle(found.p99):>8.2f}{limit}"
        )


def _show_idle(options: argparse.Namespace, contenders: list[Contender]) -> None:
    known = [(one.name, one.idle) for one in contenders if one.idle]
    if not known:
        return
    head = f"{'KiB a socket':>13} {'CPU ms a connect':>17} {'+ services':>11} {'all in after s':>15}"
    print(f"\n{options.idle:,} sockets, idle, and all at once\n{'':<12}{head}")
    for name, found in known:
        print(
            f"{name:<12}{found.kib:>13.1f} {found.connect_ms:>17.2f} {found.connect_services_ms:>11.2f}"
            f" {found.storm_seconds:>15.1f}"
        )


def _verdicts(field: Field) -> list[dict[str, Any]]:
    return [found for claim in claims() if (found := claim.verdict(field.contenders))]


def _line(verdict: dict[str, Any]) -> str:
    word = "holds" if verdict["holds"] else "DOES NOT HOLD"
    return f"{word:<14} {verdict['ratio']:>6.2f} × {verdict['best']:<10} {verdict['claim']}"


def _machine() -> str:
    return f"{platform.platform()}, {os.cpu_count()} cores, {python()}, " + ", ".join(
        _first_line(command, "--version") for command in ("mariadbd", "redis-server")
    )


def _first_line(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]


# ------------------------------------------------------------------ for programs


def save(options: argparse.Namespace, field: Field) -> None:
    """All figures of all rounds, as JSON."""
    found = {
        "machine": _machine(),
        "options": {name: str(value) for name, value in vars(options).items()},
        "servers": [_server(one) for one in field.contenders],
        "better": better(field.contenders),
        "claims": _verdicts(field),
        "left_out": field.left_out,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def _server(one: Contender) -> dict[str, Any]:
    loads = [
        {"work": work, "load": load, "cpu": one.cpu(work, load), "rounds": asdict(figures)}
        for (work, load), figures in one.figures.items()
        if figures
    ]
    return {
        "name": one.name,
        "version": one.version,
        "settings": one.settings,
        "loads": loads,
        "idle": asdict(one.idle) if one.idle else None,
        "wrong": one.wrong,
    }
