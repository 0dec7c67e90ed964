"""The headless engine: market data in, decisions, orders and an event log out.

Floor plan, in the order of the data:

* ``messages``, ``market``, ``units``  the nouns: what feeds say, what a market is, integer units
* ``feeds/``                          sources of market data behind one protocol
* ``book``, ``signals``               what is known now: books valid or not, inputs of the features
* ``features``, ``history``           18 features, five rows per asset
* ``decision``, ``sizing``            policy output to an intent and its size
* ``gate``, ``trading_state``         the only way to a venue, and the latch that shuts it
* ``order``, ``paper``                one order state machine; the paper venue
* ``eventlog``, ``ledger``            append-only truth, and positions and PnL as folds over it
* ``core``, ``thread``                one engine, and the thread that owns it
* ``snapshot``, ``requests``          what the console sees and may ask

Nothing here imports ``textual`` or ``console``.
"""
