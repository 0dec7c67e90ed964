"""The words on the screen and what they mean, once; the help screen reads them to the user.

A test fails when the gate learns a denial code that is not explained here.
"""

from __future__ import annotations

WORDS: tuple[tuple[str, str], ...] = (
    ("PAPER", "Orders are simulated against the book as it is when they arrive. No money moves."),
    ("ACTIVE", "The gate admits openings and exits."),
    ("REDUCING", ("The gate admits only what reduces a position: a breaker is tripped, a task is "
     "stale, or you asked.")),
    ("HALTED", "The gate is shut to openings until RESUME is typed, across restarts too."),
    ("STARTING", "Before the first market data; nothing is traded."),
    ("RECONCILING", "Comparing the event log with the venue; nothing is opened."),
    ("breaker", ("Something that ends opening by itself: rejects, errors, silent data, the clock, "
     "the disk, the model. Time alone clears none; the Safety view tells what does.")),
    ("tasks", ("What must prove again and again that it runs. One whose last proof is older than "
     "its limit is stale, and nothing is opened.")),
    ("drill", "The stop, tried at every start on a venue of its own that holds no position."),
    ("latch", "What holds HALTED: shut in memory first, then in a file that survives a restart."),
    ("no answer", ("An order whose answer was lost: it may have filled. What it may cost stays "
     "reserved until the time shown, and it is never sent again.")),
    ("on hangup", "What happens to the run when the terminal goes away: a setting."),
    ("control socket", "Through it other shells of this machine reach the engine: trade-console "
     "stop, status, attach."),
    ("webhook", "An address of yours that alerts are sent to, from TRADE_CONSOLE_WEBHOOK."),
    ("STUCK", "The engine's thread does not move; the watchdog has shut the gate from outside."),
    ("?", "Unknown. Never shown as zero."),
    ("market 12:34:56", "The market's own time, in UTC; it runs at the speed shown before it."),
    ("beat", "Age of the engine's last picture. When it grows, the numbers are old."),
    ("executable PnL", ("Dollars that fills at the book brought, fees paid, open positions at "
     "what the bids would pay now.")),
    ("mid PnL", ("The same decisions booked at the mid at once and without a fee. It cannot be "
     "earned; it shows what figures of that kind leave out.")),
    ("worst case", ("The day's result if every open position and order ends worth nothing. The "
     "daily loss limit is measured on this.")),
    ("exposure", "Dollars that are lost if every open position goes to zero."),
    ("untrained", "The weights are seeded first values: whatever they earn is luck."),
    ("vs hold", ("The deciding model against doing nothing: dollars a window slot, with a 95 % "
     "interval and the number of slots.")),
    ("not shown", ("No evidence either way: too few slots differ, or the interval holds zero. A "
     "profit may still be luck.")),
    ("champion", "The weights that decide. Learning never changes them; a promotion does."),
    ("challenger", ("A copy that learns. It draws its actions and has no daily loss limit, in an "
     "account of its own that moves no money and is not in your PnL.")),
    ("rollout", "Decisions with their rewards, collected for the next update."),
    ("profile, gamma", ("The learner's set of numbers, and its discount per decision: 0.95 forgets "
     "a reward within seconds, long_horizon keeps it for a window.")),
    ("rewarded", "Rows of it that brought or cost money; all others have a reward of zero."),
    ("learn 142/256", "Collecting: so many rows of those needed. learn upd: steps of an update."),
    ("learn waits", "Rows enough, but none of them rewarded yet, or too many updates this hour."),
    ("accepted", "An update that every guard let pass; the challenger goes on with it."),
    ("rejected", "An update that a guard refused; the challenger is as it was before it."),
    ("dropped", "The challenger failed and starts anew from the champion."),
    ("quarantined", "Rows that did not fit the weights they came from; set aside unused."),
    ("KL", "How far an update moved the policy, in nats."),
    ("entropy", "How undecided the policy is, in nats; ln 3 = 1.10 is a throw of dice."),
    ("clipped", "Share of rows whose change of probability reached PPO's limit."),
    ("expl var", "Share of what happened that the critic foresaw; 0 or less: nothing."),
    ("π loss, π grad", "Loss and gradient norm of the actor, the network that decides."),
    ("V loss, V grad", "Loss and gradient norm of the critic, the network that estimates."),
    ("reward of 1", "Dollars that the learner counts as a reward of 1."),
    ("slice p99", "Time for which one slice of learning holds the engine, in all but 1 of 100."),
    ("trails", "Market time by which the challenger is behind the champion."),
    ("checkpoint", ("Under the learner: the update after which it was last kept on disk. On the "
     "model ladder: the champion before the last promotion.")),
    ("slots compared", "Window slots that both have finished since the champion changed."),
    ("against champion", "The verdict on these slots; a promotion needs better."),
    ("probation", ("After a promotion: what was lost since its best moment, of the loss that "
     "brings the former champion back by itself.")),
    ("FALLEN", "A rung below the champion decides, for the reason in the log."),
    ("confidence", "The stake's multiplier: 0.25 at a price of one half, 1 at certainty."),
    ("neutral features", "Inputs fed with 0 because this feed does not carry their source."),
    ("unknown features", "Inputs whose promised source is silent: the model is not asked."),
    ("warming", "An input that needs more history than this window has yet."),
    ("settling", "Matched, not final: these shares cannot be sold yet."),
    ("void", "A match that failed to settle and was taken back."),
    ("exit blocked", "A sale was refused or found no bids: the position is still held."),
    ("awaiting resolution", ("The window ended with a position; the venue has not yet said which "
     "side won. It is neither won nor lost until then.")),
    ("reference", ("The venue on which the underlying is measured. A later choice stands in while "
     "a better one refuses this place or fails; the better one is asked again.")),
    ("feeds 5/7", "So many connections of those wanted are live; the Feeds view has the others."),
    ("rec", "What is heard is being written to a recording."),
    ("clock behind", ("This machine's time is earlier than the venues'. Beyond 2 s, either way, it "
     "is an alarm: set the clock.")),
    ("waiting", "Connected, and nothing heard yet."),
    ("stale", "Open, and silent for longer than this kind of data may be."),
    ("retrying", "Lost; tried again after a wait that grows."),
    ("blocked", "The venue refuses this place; asked again after a quarter of an hour."),
    ("latency", ("Receipt less the venue's own time, or how long an answer took; the clocks' "
     "difference is in the first.")),
    ("again", "How often the connection was made anew."),
    ("funding 8h", "What longs pay shorts per 8 hours on the contract; negative: shorts pay."),
    ("ticks late p99", "How late decisions are taken, in all but 1 of 100."),
    ("loop gap", "Longest time in the last minute in which the engine answered nothing."),
)  # fmt: skip
"""(word, meaning), in the order in which they are read."""

DENIALS: tuple[tuple[str, str], ...] = (
    ("HALTED", "Trading is halted."),
    ("NOT_ACTIVE", "The trading state admits no opening."),
    ("NO_BOOK", "This feed records no order book, so nothing can be filled."),
    ("BOOK_INVALID", "The book is missing a side, crossed, or has a gap."),
    ("BOOK_AGE", "The book has not been heard of for too long."),
    ("SPREAD", "The spread is wider than the limit."),
    ("ENTRY_CUTOFF", "Too near the end of the window to open."),
    ("WINDOW_OVER", "The window has not begun or is over."),
    ("ORDER_IN_FLIGHT", "An order of this market is still on its way."),
    ("ORDER_SIZE", "The order is larger than the limit for one order."),
    ("MIN_SIZE", "The order is smaller than the venue takes."),
    ("TICK", "The price is not on the market's ticks."),
    ("ASSET_EXPOSURE", "The asset would exceed its exposure limit."),
    ("TOTAL_EXPOSURE", "All assets together would exceed the exposure limit."),
    ("DAILY_LOSS", "The day's worst case would exceed the daily loss limit."),
    ("ORDER_RATE", "Too many openings in the last minute."),
    ("NOTHING_TO_SELL", "Nothing is held."),
    ("NOT_SETTLED", "The shares are not settled yet."),
    ("WORST_CASE", "While REDUCING: the order would lower what is left in the worst case."),
    ("NET_EXPOSURE", "While REDUCING: UP less DOWN of the market would grow or change sides."),
    ("LOCKED_PAIR", "While REDUCING: selling one leg of an UP and DOWN pair would bare the other."),
)
"""(code of the gate, why it refuses)."""
