"""A progress bar on a terminal; a line now and then elsewhere."""

import sys
import time

WIDTH = 30
BAR_SECONDS, LINE_SECONDS = 0.1, 5.0


class Progress:
    """``step`` as work gets done; ``done`` at its end."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.count = what, total, 0
        self._tty = sys.stderr.isatty()
        self._started = self._shown = time.monotonic()

    def step(self, count: int = 1) -> None:
        self.set(self.count + count)

    def set(self, count: int) -> None:
        self.count = count
        now = time.monotonic()
        if now - self._shown >= (BAR_SECONDS if self._tty else LINE_SECONDS):
            self._shown = now
            self._show(now)

    def done(self) -> None:
        self._show(time.monotonic())
        if self._tty:
            sys.stderr.write("\n")

    def _show(self, now: float) -> None:
        elapsed = max(now - self._started, 1e-9)
        share = min(self.count / self.total, 1) if self.total else 1.0
        text = f"{self.what:<18} {self.count:,}/{self.total:,} {self.count / elapsed:,.0f}/s {elapsed:.0f} s"
        if self._tty:
            full = round(share * WIDTH)
            text = f"\r\x1b[K[{'#' * full}{'.' * (WIDTH - full)}] {text}"
        else:
            text = f"{share:4.0%} {text}\n"
        sys.stderr.write(text)
        sys.stderr.flush()
