"""Every number that a user may set, in one frozen object with a docstring under each field.

Limits only ever tighten while the program runs (DESIGN 4.11): loosening one means editing the
file and starting again. Values are checked here, so that the rest of the engine can trust them.
"""

from __future__ import annotations

import errno
import os
import stat
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import UsageError

Dollars = Annotated[Decimal, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400, allow_inf_nan=False)]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Limits(_Section):
    """What the gate refuses. Each refusal names one of these with measured value and limit."""

    order: Dollars = Decimal(100)
    """Largest single opening order, dollars."""
    asset: Dollars = Decimal(150)
    """Largest exposure in one asset, dollars, resting orders counted as filled."""
    exposure: Dollars = Decimal(500)
    """Largest total exposure, dollars."""
    daily_loss: Dollars = Decimal(500)
    """Largest loss of a UTC day by worst case: every open position worth nothing."""
    opens_per_minute: Annotated[int, Field(strict=True, ge=0, le=600)] = 6
    """Opening orders per minute of market time, all assets together."""
    entry_cutoff: Fraction = 0.20
    """No opening order in this last part of a window (180 s of 900)."""
    exit_cutoff: Fraction = 2 / 15
    """Positions are sold in this last part of a window (120 s of 900)."""
    book_age_s: Seconds = 5.0
    """Oldest book, in market seconds, on which an opening order may be sent."""
    spread: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.05")
    """Widest spread, dollars per share, at which a position may be opened."""


class PaperVenue(_Section):
    """How the paper venue treats an order (DESIGN 6). Rates are per order, in [0, 1]."""

    taker_delay_ms: Annotated[int, Field(strict=True, ge=0, le=60_000)] = 150
    """The venue's hold on marketable orders, milliseconds."""
    latency_ms: Annotated[int, Field(strict=True, ge=0, le=60_000)] = 90
    """Median network time from decision to venue, milliseconds."""
    latency_sigma: Annotated[float, Field(strict=True, ge=0, le=2)] = 0.45
    """Log-normal spread of the network time."""
    reject_rate: Fraction = 0.01
    """Orders refused by the venue."""
    delay_rate: Fraction = 0.01
    """Orders that arrive `delay_ms` late."""
    delay_ms: Annotated[int, Field(strict=True, ge=0, le=600_000)] = 2_500
    """The extra time of a delayed order, milliseconds."""
    settle_ms: Annotated[int, Field(strict=True, ge=0, le=600_000)] = 2_000
    """Time from match to settlement; until then the shares cannot be sold."""
    settle_failure_rate: Fraction = 0.005
    """Matched fills that fail to settle and are voided."""


class PPO(_Section):
    """Hyper-parameters of the learner (DESIGN 3). Nothing learns in this version, so there is only
    the name: a number that changes nothing would be a setting that lies."""

    profile: Literal["phase5"] = "phase5"
    """The set of numbers that the models come from; shown on screen."""


class Settings(_Section):
    """The whole configuration."""

    trade_size: Dollars = Decimal(100)
    """Base stake in dollars, scaled by confidence to 0.25 ... 1 of it."""
    decision_ms: Annotated[int, Field(strict=True, ge=100, le=60_000)] = 500
    """Market time between decisions, milliseconds."""
    decision_rule: Literal["sample", "greedy"] = "greedy"
    """How an action is taken from the softmax: the most likely, or drawn as in training."""
    entry_slippage_ticks: Annotated[int, Field(strict=True, ge=0, le=100)] = 1
    """An opening order's limit, ticks beyond the best ask at the decision."""
    exit_slippage_ticks: Annotated[int, Field(strict=True, ge=0, le=1000)] = 5
    """A closing order's limit, ticks beyond the best bid at the decision."""
    exit_retry_ms: Annotated[int, Field(strict=True, ge=100, le=600_000)] = 1_500
    """Market time between attempts to sell a position that must go, milliseconds."""
    when_halted: Literal["hold", "flatten"] = "hold"
    """What a halt does with open positions: hold them to the resolution, or sell them."""
    mid_age_s: Seconds = 30.0
    """A mid older than this is unknown (mid-only recordings)."""
    source_age_s: Seconds = 10.0
    """A promised source silent for longer than this is unknown and makes rows invalid."""
    limits: Limits = Limits()
    paper: PaperVenue = PaperVenue()
    ppo: PPO = PPO()


def load_settings(path: Path) -> Settings:
    """Settings from a TOML file; the defaults where it does not exist.

    Raises UsageError with one sentence for an unreadable file or a bad value.
    """
    # Not exists(): that calls a link to nowhere absent, and would lift the limits behind it.
    if not os.path.lexists(path):
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(_text(path)))
    except ValidationError as error:
        raise UsageError(_first_problem(path, error)) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); mend or remove it") from None
    except RecursionError:
        raise UsageError(f"{path}: is nested too deeply; mend or remove it") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as TOML ({error}); mend or remove it") from None


def _text(path: Path) -> str:
    """Raises OSError for a file that does not end by itself: a pipe would be waited for."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return path.read_text("utf-8-sig")


def _first_problem(path: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "file"
    if first["type"] == "extra_forbidden":
        return f"{path}: {where}: there is no such setting; mend the name or remove the line"
    return f"{path}: {where}: {first['msg']}; mend the value or remove the line"
