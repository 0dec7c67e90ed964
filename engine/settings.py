"""Every number that a user may set, in one frozen object with a docstring under each field.

Limits only ever tighten while the program runs (DESIGN 4.11): loosening one means editing the
file and starting again. Values are checked here, so that the rest of the engine can trust them.
"""

from __future__ import annotations

import errno
import math
import os
import stat
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.addresses import Host, Proxy, StreamHost
from engine.errors import UsageError

Dollars = Annotated[Decimal, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(strict=True, gt=0, le=86_400, allow_inf_nan=False)]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
SLOWEST_SIGMA = 4.0
"""Deviations at which drawn network times are cut off, so that every order has a last moment."""


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"{twice[0]} is named twice; name each once")
    return names


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
    lost_answer_rate: Fraction = 0.002
    """Orders whose answer is lost; half of them reached the book. What became of one is known
    `unknown_ms` later."""
    unknown_ms: Annotated[int, Field(strict=True, ge=1_000, le=600_000)] = 20_000
    """Time after which an order without an answer can no longer fill, milliseconds."""

    @property
    def slowest_ms(self) -> float:
        """The longest network time that is drawn, milliseconds."""
        return self.latency_ms * math.exp(self.latency_sigma * SLOWEST_SIGMA)

    @property
    def last_ms(self) -> int:
        """Time after it was sent at which no order can fill any more, whatever was drawn for it,
        milliseconds."""
        arrival_ms = self.taker_delay_ms + math.ceil(self.slowest_ms) + self.delay_ms
        return arrival_ms + self.unknown_ms


class PPO(_Section):
    """Hyper-parameters of the learner (DESIGN 3): a profile, and what the user sets apart from it.

    The numbers of each profile stand in `engine.learning.profile`; None here means the profile's.
    """

    profile: Literal["phase5", "long_horizon"] = "phase5"
    """The set of numbers to begin with; shown on screen."""
    gamma: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    """Discount per decision."""
    gae_lambda: Fraction | None = None
    """Decay of the advantage's trace, beside gamma."""
    clip: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    """How far the probability ratio may count, each way."""
    entropy: Fraction | None = None
    """Weight of the entropy bonus."""
    value: Fraction | None = None
    """Weight of the value loss."""
    max_grad_norm: Annotated[float, Field(strict=True, gt=0, le=100)] | None = None
    """Longest gradient of each network."""
    actor_lr: Annotated[float, Field(strict=True, gt=0, le=0.1)] | None = None
    """Adam's step for the actor."""
    critic_lr: Annotated[float, Field(strict=True, gt=0, le=0.1)] | None = None
    """Adam's step for the critic."""
    rows: Annotated[int, Field(strict=True, ge=64, le=65_536)] | None = None
    """Transitions of an update, all assets together."""
    minibatch: Annotated[int, Field(strict=True, ge=8, le=256)] | None = None
    """Rows of one gradient step, which holds the engine's loop: its time grows with them, and 256
    take four times as long as the profiles' 64. Offline, `train` may take more."""
    epochs: Annotated[int, Field(strict=True, ge=1, le=50)] | None = None
    """Passes over the rows in an update."""
    target_kl: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    """Change of the policy, in nats, at which an update ends early (at 1.5 times it)."""


class Learning(_Section):
    """When the challenger learns, what it must not do, and what a promotion takes."""

    paper: bool = True
    """Learn while trading on paper."""
    live: bool = False
    """Learn while trading with real money."""
    slices_per_tick: Annotated[int, Field(strict=True, ge=1, le=64)] = 4
    """Minibatches of learning after each decision tick of market time."""
    keep: Annotated[int, Field(strict=True, ge=2, le=100)] = 5
    """Checkpoints of the challenger that are kept."""
    updates_per_hour: Annotated[int, Field(strict=True, ge=0, le=3_600)] = 120
    """Most updates in an hour of market time; rows beyond it are not used."""
    update_kl: Annotated[float, Field(strict=True, gt=0, le=10)] = 0.06
    """Largest change of one whole update on its own rows, nats; of 300 healthy ones on the embedded
    market one went beyond, and only its own rows were lost."""
    champion_kl: Annotated[float, Field(strict=True, gt=0, le=10)] = 2.0
    """Farthest from the champion on the probe states, nats, mean over them. From dice to always
    holding it is 1.10; a healthy challenger of trained weights came to 0.7 in 100 updates."""
    entropy_low: Fraction = 0.005
    """Least entropy on the update's rows, as a share of the largest that the mask allows, four
    updates running. Healthy challengers on the embedded market had 0.010 on single updates."""
    entropy_high: Fraction = 0.995
    """Most entropy, same share: a policy that only throws dice has learnt nothing."""
    explained_variance: Annotated[float, Field(strict=True, ge=-100, le=1)] = -2.0
    """Least explained variance of the critic, three updates running, once it had as much. Healthy
    ones on the embedded market had -2.1 on single updates, among 300."""
    dormant: Fraction = 0.30
    """Largest share of hidden units that never change on the update's rows; 0.01 is usual. Has no
    effect where the champion has more."""
    weight_growth: Annotated[float, Field(strict=True, gt=1, le=100)] = 2.0
    """Largest growth of a network's weight norm over the champion's."""
    promote_updates: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 4
    """Accepted updates that a promotion needs."""
    promote_slots: Annotated[int, Field(strict=True, ge=8, le=100_000)] = 30
    """Window slots, challenger against champion on paper, that a promotion needs."""
    rollback_drawdown: Dollars = Decimal(150)
    """Loss since a promotion, from its best moment, that brings the former champion back."""
    probation_slots: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 96
    """Window slots for which that loss is watched after a promotion."""


class Venues(_Section):
    """Where the venues are: scheme, host, where needed port and path, without a slash at the end.

    Each path of a venue's interface is added to these.
    """

    polymarket_gamma: Host = "https://gamma-api.polymarket.com"
    """Discovery."""
    polymarket_clob: Host = "https://clob.polymarket.com"
    """Order book by request."""
    polymarket_stream: StreamHost = "wss://ws-subscriptions-clob.polymarket.com"
    """Order book by stream."""
    polymarket_data: Host = "https://data-api.polymarket.com"
    """Resolutions."""
    polymarket_prices: StreamHost = "wss://ws-live-data.polymarket.com"
    """Stream of the settlement price."""
    polymarket_site: Host = "https://polymarket.com"
    """Whether this place may trade."""
    binance_futures: Host = "https://fapi.binance.com"
    """USD-M futures by request."""
    binance_futures_stream: StreamHost = "wss://fstream.binance.com"
    """USD-M futures by stream: its two kinds of sockets differ by path only."""
    binance_spot: Host = "https://data-api.binance.vision"
    """The host that gives market data only."""
    binance_spot_stream: StreamHost = "wss://data-stream.binance.vision"
    """The same by stream."""
    okx: Host = "https://www.okx.com"
    """Swaps by request."""
    okx_stream: StreamHost = "wss://ws.okx.com:8443"
    """Swaps by stream."""
    proxy: Proxy = ""
    """Proxy for all of them, ``http://host:port``; empty: none, whatever the environment says."""


class Feeds(_Section):
    """How live market data are asked for, watched and given up. Times in seconds."""

    assets: Annotated[
        tuple[Literal["BTC", "ETH", "SOL", "XRP"], ...],
        Field(min_length=1, max_length=4),
        AfterValidator(_each_once),
    ] = ("BTC", "ETH", "SOL", "XRP")
    """Whose markets are traded."""
    window_seconds: Literal[300, 900] = 900
    """Length of the windows: the venue also lists some of five minutes."""
    lead_s: Seconds = 300.0
    """A window is looked for so long before it begins."""
    discovery_s: PositiveSeconds = 5.0
    """Between two looks for a window that is not listed yet."""
    verdict_s: PositiveSeconds = 5.0
    """Between two questions for the outcome of a window that is over; later ones are rarer."""
    book_check_s: PositiveSeconds = 4.0
    """Between two comparisons of a token's book with the venue's answer to a request."""
    interest_s: PositiveSeconds = 15.0
    """Between two questions for the open interest."""
    request_s: PositiveSeconds = 5.0
    """A request not answered by then has failed."""
    connect_s: PositiveSeconds = 10.0
    """A connection not made by then has failed."""
    first_s: PositiveSeconds = 8.0
    """After subscribing, every stream must have given its first message by then."""
    silence_s: PositiveSeconds = 15.0
    """A connection that gave no data for so long is frozen, whatever its pings say."""
    healthy_s: PositiveSeconds = 60.0
    """After so long without a fault the next wait begins small again."""
    backoff_s: PositiveSeconds = 0.25
    """First wait before trying again; it doubles, and a random part of it is taken."""
    longest_backoff_s: PositiveSeconds = 30.0
    """The wait doubles no further."""
    blocked_s: PositiveSeconds = 900.0
    """A venue that refuses this place (403, 451) is asked again after so long."""
    failing_s: PositiveSeconds = 20.0
    """A reference venue without a usable stream for so long is given up for the next."""
    rollover_s: PositiveSeconds = 82_800.0
    """Age at which a connection is replaced before the venue cuts it at 24 hours."""
    most_frame_kb: Annotated[int, Field(strict=True, ge=16, le=65_536)] = 2_048
    """A larger message is dropped unread."""
    most_skew_s: PositiveSeconds = 2.0
    """Difference between this machine's clock and the venues' from which an alarm is raised."""
    disk_floor_mb: Annotated[int, Field(strict=True, ge=0, le=10_000_000)] = 500
    """Recording ends when the disk has less left."""


class Safety(_Section):
    """When the engine stops opening positions by itself, and what becomes of a lost terminal."""

    on_hangup: Literal["flatten", "hold", "keep-running"] = "hold"
    """The terminal went away: sell what is held and leave, leave and hold to the resolution, or go
    on without a screen until somebody attaches or stops it."""
    leave_s: Annotated[float, Field(strict=True, ge=0.5, le=60, allow_inf_nan=False)] = 3.0
    """Real seconds that leaving may take, whatever hangs."""
    rejects: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 5
    """Orders rejected in a row, at which nothing more is opened."""
    errors: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] = 0.5
    """Share of the last orders that were rejected or failed to settle, from which nothing more is
    opened."""
    errors_of: Annotated[int, Field(strict=True, ge=5, le=1_000)] = 20
    """How many of the last orders that is measured on; fewer do not count."""
    data_gap_s: PositiveSeconds = 60.0
    """Market seconds without a message of a promised source while a window runs."""
    loop_gap_s: PositiveSeconds = 5.0
    """Real seconds for which the engine's thread answered nothing."""
    clock_jump_s: PositiveSeconds = 2.0
    """Real seconds by which the wall clock may leave the monotonic one between two looks."""
    disk_floor_mb: Annotated[int, Field(strict=True, ge=0, le=10_000_000)] = 64
    """Free space of the event log's disk, below which nothing more is opened."""
    reconcile_s: PositiveSeconds = 10.0
    """Market seconds between two comparisons of our account with the venue's."""
    duty_s: PositiveSeconds = 5.0
    """Oldest proof of a safety task that counts as fresh, seconds; for one that has a period of its
    own (decisions, reconciliation, the disk), so much beyond it."""
    stuck_s: PositiveSeconds = 5.0
    """Real seconds without a turn of the engine's thread, at which its watchdog shuts the gate."""


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
    learning: Learning = Learning()
    venues: Venues = Venues()
    feeds: Feeds = Feeds()
    safety: Safety = Safety()


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


_LISTS = {
    "tuple_type": "a list belongs here, in brackets",
    "too_short": "the list has too few entries",
    "too_long": "the list has too many entries",
}
"""What pydantic says of Python's tuples, in words of the file."""


def _first_problem(path: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "file"
    if first["type"] == "extra_forbidden":
        return f"{path}: {where}: there is no such setting; mend the name or remove the line"
    what = _LISTS.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"{path}: {where}: {what}; mend the value or remove the line"
