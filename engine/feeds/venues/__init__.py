"""What the venues' raw messages mean: pure, without a clock, a socket or a file.

A raw message goes in with its time of receipt, `engine.messages` come out. Recordings and live
feeds use the same code, so a recorded market is decided on as it was live.

* ``fields``               fields of a raw message, checked
* ``polymarket_channel``   the market channel: books, changes, ticks, verdicts
* ``polymarket_books``     one token's book, kept by continuity
* ``polymarket_levels``    prices and sizes as the venue writes them
* ``polymarket_check``     the REST book beside the channel's
* ``polymarket_gamma``     discovery: windows, prices to beat, outcomes
* ``polymarket_verdicts``  outcomes from the order book's and the data API
* ``polymarket_prices``    the settlement price's stream: the price to beat
* ``quantities``           prices and quantities of the underlying, checked
* ``trade_ids``            which of its prints came, and which are missing
* ``binance``              futures and spot streams
* ``binance_rest``         bars, open interest, trades fetched to mend a gap
* ``okx``                  swaps, in contracts
"""
