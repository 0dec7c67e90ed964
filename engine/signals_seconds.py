"""Ten minutes of one underlying, one sample a second.

Owns looking back: where the price, the realised variance and the taker volume stood some seconds
ago, in constant time. Running totals make any window's sum a difference of two samples. A gap in
the data is a gap here: it is neither filled nor counted as quiet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

KEPT = 640
"""Samples kept: 600 s of look-back, the slack, and room to spare."""

SLACK_S = 10
"""A look-back takes the last sample of up to this many seconds before; two samples further apart
than this have a gap between them, whose return counts for nothing."""

COVERAGE = 0.5
"""Part of a window that must hold data, gaps left out, for the window to count as covered. What
is measured over it is a rate or a ratio, which half of the window estimates without bias."""


class Sample(NamedTuple):
    """Where things stood at the end of a second. All but `second` and `mid` are running totals."""

    second: int
    """Unix seconds; the sample is the state at its end."""
    mid: float
    """Dollars."""
    variance: float
    """Sum of squared log returns between samples with no gap between them."""
    covered: float
    """Seconds between samples with no gap between them."""
    bought: float
    """Base units bought by takers."""
    sold: float
    """Base units sold by takers."""
    trades: float
    """Fills of takers."""


START = Sample(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Totals before the first sample."""


Flow = tuple[float, float, float]
"""Base units bought and sold by takers, and fills."""


class Seconds:
    """A ring of samples."""

    def __init__(self) -> None:
        self._ring: list[Sample | None] = [None] * KEPT
        self._last: Sample | None = None

    @property
    def last(self) -> Sample | None:
        """The newest sample."""
        return self._last

    def close(self, second: int, mid: float, flow: Flow) -> None:
        """Add a second's end: mid in dollars, running totals bought, sold, trades."""
        variance, covered = self._grown(second, mid)
        self._last = Sample(second, mid, variance, covered, *flow)
        self._ring[second % KEPT] = self._last

    def amend(self, late: Mapping[int, Flow]) -> None:
        """Add what was traded in past seconds, by second, to every sample since."""
        if self._last is None:
            return
        newest = self._last.second
        for second in range(newest - KEPT + 1, newest + 1):
            sample = self._ring[second % KEPT]
            if sample is not None and sample.second == second:
                self._ring[second % KEPT] = _amended(sample, late)
        self._last = self._ring[newest % KEPT]

    def at(self, t_ms: int) -> Sample | None:
        """The sample that held at `t_ms`, or None where nothing was heard around then."""
        ended = t_ms // 1000 - 1
        for second in range(ended, ended - SLACK_S - 1, -1):
            sample = self._ring[second % KEPT]
            if sample is not None and sample.second == second:
                return sample
        return None

    def span(self, t_ms: int, seconds: int) -> tuple[Sample, Sample] | None:
        """Samples at the start and the end of the last `seconds`; None where not covered."""
        first, last = self.at(t_ms - seconds * 1000), self._last
        if first is None or last is None:
            return None
        if last.covered - first.covered < COVERAGE * seconds:
            return None
        return first, last

    def _grown(self, second: int, mid: float) -> tuple[float, float]:
        last = self._last
        if last is None:
            return 0.0, 0.0
        apart = second - last.second
        if apart > SLACK_S:
            return last.variance, last.covered
        return last.variance + math.log(mid / last.mid) ** 2, last.covered + apart


def _amended(sample: Sample, late: Mapping[int, Flow]) -> Sample:
    """The sample with all that was traded up to its second."""
    until = [flow for second, flow in late.items() if second <= sample.second]
    if not until:
        return sample
    bought, sold, trades = map(sum, zip(*until, strict=True))
    return sample._replace(
        bought=sample.bought + bought, sold=sample.sold + sold, trades=sample.trades + trades
    )
