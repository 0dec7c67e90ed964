"""Local servers that speak the real venues' protocols over loopback, and the world they tell of.

* ``clock``         the town's time, and the clock of the machine that the program runs on
* ``underlying``    the price of one asset: seconds, minutes, trades
* ``outcome_book``  the books of one window's two tokens
* ``happenings``    what the world tells its servers
* ``window``        one window, as it truly is
* ``world``         assets and windows, step by step
* ``faults``        what a venue can do wrong
* ``host``          one server: requests and sockets on one port
* ``polymarket``    discovery, order books, resolutions, geoblock
* ``polymarket_papers``   their answers' contents
* ``polymarket_streams``  the market channel and the settlement price
* ``binance``       futures and spot
* ``binance_frames``      their frames and rows
* ``okx``           swaps
* ``okx_frames``    their frames and rows
* ``town``          all of them, with settings that point at them
* ``raw_client``    the least that a client of them needs
* ``samples``       real messages, to compare with
"""
