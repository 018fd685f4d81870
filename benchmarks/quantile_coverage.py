"""How often the intervals of latency quantiles hold the truth, and what simpler figures would say.

Latencies are drawn from distributions whose quantiles are known, in turns as `edgeface bench` takes
them. Of each draw: the interval that reports show (``by windows``), the one that takes calls for
independent (``by calls``), and the one of a normal distribution with the sample's mean and standard
deviation. Beside them what a mean, and a mean of what is left within three standard deviations,
would have said. Nothing is measured: the result is the same on every machine.

    python benchmarks/quantile_coverage.py [--trials 1000] [--seed 0] [--out FOLDER]
"""

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import sealed
from edgeface.quantiles import LEAST, quantile_interval, window_interval

OUT = Path(__file__).parent / "results" / "x86-64"
SHARES = (0.5, 0.9, 0.95, 0.99)
SHAPES = ((8, 16), (16, 64), (40, 256))  # windows, calls of each: quick, default, official or more
NS = 1_000_000  # 1 in the distributions below is a millisecond
_NORMAL = NormalDist()
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """Log-normal, or Pareto where ``tail`` is given; (share of calls, median or least, spread)."""

    share: float
    scale: float
    spread: float = 0.0
    tail: float = 0.0

    def below(self, x: float) -> float:
        """Probability of a latency up to x."""
        if self.tail:
            return 0.0 if x <= self.scale else 1 - (self.scale / x) ** self.tail
        return _NORMAL.cdf(math.log(x / self.scale) / self.spread)

    def at(self, latent: Floats, uniform: Floats) -> Floats:
        """Latencies from standard normal numbers, of a Pareto tail from uniform ones."""
        if self.tail:
            return self.scale * (1 - uniform) ** (-1 / self.tail)
        return self.scale * np.exp(self.spread * latent)

    @property
    def mean(self) -> float:
        """Of the part alone."""
        if self.tail:
            return self.scale * self.tail / (self.tail - 1)
        return self.scale * math.exp(self.spread**2 / 2)


@dataclass(frozen=True)
class Latency:
    """A mixture of parts.

    Attributes:
        name: For people.
        parts: Their shares sum to 1.
        serial: Correlation of the logarithm of a call with that of the one before, in a window.
        common: Share of the variance of the logarithm that all calls of a window have in common.
    """

    name: str
    parts: tuple[Part, ...]
    serial: float = 0.0
    common: float = 0.0

    def quantile(self, share: float) -> float:
        """The truth, by halving."""
        low, high = 1e-3, 1e9
        for _ in range(200):
            middle = math.sqrt(low * high)
            below = sum(p.share * p.below(middle) for p in self.parts)
            low, high = (middle, high) if below < share else (low, middle)
        return high

    @property
    def mean(self) -> float:
        """Of all calls."""
        return sum(p.share * p.mean for p in self.parts)

    def draw(self, windows: int, calls: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """(windows, calls) in nanoseconds."""
        latent = rng.standard_normal((windows, calls))
        if self.serial:
            kept = math.sqrt(1 - self.serial**2)
            for i in range(1, calls):
                latent[:, i] = self.serial * latent[:, i - 1] + kept * latent[:, i]
        if self.common:
            own = rng.standard_normal((windows, 1))
            latent = math.sqrt(1 - self.common) * latent + math.sqrt(self.common) * own
        which = rng.choice(len(self.parts), (windows, calls), p=[p.share for p in self.parts])
        uniform = rng.random((windows, calls))
        made = np.choose(which, [p.at(latent, uniform) for p in self.parts])
        return (made * NS).astype(np.int64)


LATENCIES = (
    Latency("log-normal", (Part(1.0, 1.0, 0.1),)),
    Latency("long tail: 5 % Pareto", (Part(0.95, 1.0, 0.05), Part(0.05, 1.2, tail=1.5))),
    Latency("two modes, 70 and 30 %", (Part(0.7, 1.0, 0.03), Part(0.3, 1.6, 0.03))),
    Latency("hiccup, one call in a hundred", (Part(0.99, 1.0, 0.05), Part(0.01, 10.0, 0.2))),
    Latency("calls resemble the one before, 0.9", (Part(1.0, 1.0, 0.1),), serial=0.9),
    Latency("half of the variance is the turn's", (Part(1.0, 1.0, 0.1),), common=0.5),
)


def normal_interval(samples: Floats, share: float) -> tuple[float, float]:
    """Of the quantile of a normal distribution with the sample's mean and standard deviation."""
    mean, deviation, n = samples.mean(), samples.std(ddof=1), len(samples)
    z = _NORMAL.inv_cdf(share)
    half = 1.96 * deviation * math.sqrt(1 / n + z**2 / (2 * n))
    return mean + z * deviation - half, mean + z * deviation + half


WAYS: dict[str, Callable[[NDArray[np.int64], float], tuple[float, float] | None]] = {
    "by windows": lambda drawn, share: window_interval(list(drawn), share),  # type: ignore[arg-type]
    "by calls": lambda drawn, share: quantile_interval(drawn.ravel(), share),  # type: ignore[arg-type]
    "normal": lambda drawn, share: normal_interval(drawn.ravel().astype(np.float64), share),
}


def cover(latency: Latency, shape: tuple[int, int], trials: int, seed: int) -> list[dict[str, Any]]:
    """How often each way covers each quantile at one shape.

    Returns:
        One row a quantile that so many samples support: ``unbounded`` is how often `by windows`
        gave no interval, ``covered`` of those that were given; ``width`` the median width in
        shares of the truth.
    """
    rng = np.random.default_rng((seed, LATENCIES.index(latency), *shape))
    draws = [latency.draw(*shape, rng) for _ in range(trials)]
    rows = []
    for share in (s for s in SHARES if math.prod(shape) >= LEAST[s]):
        truth, row = latency.quantile(share) * NS, {"ways": {}}
        for name, way in WAYS.items():
            found = [way(drawn, share) for drawn in draws]
            given = np.array([f for f in found if f is not None], np.float64).reshape(-1, 2)
            inside = (given[:, 0] <= truth) & (truth <= given[:, 1])
            row["ways"][name] = {
                "given": len(given) / trials,
                "covered": float(inside.mean()) if len(given) else None,
                "width": float(np.median(given[:, 1] - given[:, 0]) / truth)
                if len(given)
                else None,
            }
        told = {"latency": latency.name, "windows": shape[0], "n": math.prod(shape)}
        rows.append({**told, "quantile": share, "truth_ms": truth / NS, **row})
    return rows


def simpler(latency: Latency, trials: int, seed: int) -> dict[str, Any]:
    """What a mean and a clipped mean say, at 1,024 calls."""
    rng = np.random.default_rng((seed, LATENCIES.index(latency)))
    means, clipped, dropped = [], [], []
    for _ in range(trials):
        drawn = latency.draw(16, 64, rng).ravel() / NS
        left = drawn[np.abs(drawn - drawn.mean()) <= 3 * drawn.std()]
        means.append(drawn.mean())
        clipped.append(left.mean())
        dropped.append(1 - len(left) / len(drawn))
    p50, p99 = latency.quantile(0.5), latency.quantile(0.99)
    low, high = (float(q) for q in np.quantile(means, (0.025, 0.975)))
    return {
        "latency": latency.name,
        "p50_ms": p50,
        "p99_ms": p99,
        "true_mean_ms": latency.mean,
        "mean_ms": float(np.median(means)),
        "mean_95_ms": [low, high],
        "clipped_mean_ms": float(np.median(clipped)),
        "dropped": float(np.mean(dropped)),
    }


def markdown(result: dict[str, Any]) -> str:
    """The tables."""
    lines = [
        "# Coverage of the intervals of latency quantiles",
        "",
        "`python benchmarks/quantile_coverage.py`: "
        f"{result['trials']:,} simulated runs a row, seed {result['seed']}.",
        "An interval of 95 % should hold the truth in 95 % of runs. *By windows* is what reports",
        "show; *by calls* takes the calls for independent; *normal* is that of a normal",
        "distribution with the mean and the standard deviation of the sample. Width: median, in",
        "shares of the truth. Where the windows differ too much to bound a quantile, *by windows*",
        "gives none: *given* is how often it did, and it covers of those. Where it is seldom",
        "given, those are the draws that look steadier than they are.",
        "",
        "| latency | n (windows) | quantile | truth ms | by windows | width | given | by calls "
        "| width | normal |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in result["coverage"]:
        ours, calls, normal = (row["ways"][name] for name in WAYS)
        lines.append(
            f"| {row['latency']} | {row['n']} ({row['windows']}) | p{row['quantile'] * 100:g} "
            f"| {row['truth_ms']:.3f} | {_share(ours['covered'])} | {_share(ours['width'])} "
            f"| {_share(ours['given'])} | {_share(calls['covered'])} | {_share(calls['width'])} "
            f"| {_share(normal['covered'])} |"
        )
    lines += [
        "",
        "What single figures would have said, of 1,024 calls. *95 % of means*: where the mean of a",
        "run lies. *Clipped*: the mean of what is left within three standard deviations.",
        "",
        "| latency | p50 ms | p99 ms | true mean ms | 95 % of means | clipped mean | dropped |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in result["single_figures"]:
        low, high = row["mean_95_ms"]
        lines.append(
            f"| {row['latency']} | {row['p50_ms']:.3f} | {row['p99_ms']:.3f} "
            f"| {row['true_mean_ms']:.3f} | {low:.3f} to {high:.3f} | {row['clipped_mean_ms']:.3f} "
            f"| {row['dropped']:.2%} |"
        )
    return "\n".join(lines) + "\n"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def main() -> None:
    """Simulate and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for latency in LATENCIES:
        for shape in SHAPES:
            rows += cover(latency, shape, asked.trials, asked.seed)
    result = {
        "trials": asked.trials,
        "seed": asked.seed,
        "coverage": rows,
        "single_figures": [simpler(x, asked.trials, asked.seed) for x in LATENCIES],
    }
    sealed.write_file(asked.out / "quantile-coverage.json", json.dumps(result, indent=1) + "\n")
    sealed.write_file(asked.out / "quantile-coverage.md", markdown(result))
    print(markdown(result))


if __name__ == "__main__":
    main()
