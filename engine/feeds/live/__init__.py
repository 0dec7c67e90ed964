"""Real venues: everything that connects, waits, asks again and gives up.

What arrives becomes rows (`engine.recording.Row`), stamped with market time, and nothing else: what
a row means is `engine.feeds.rows`, for a recording as for a live market. What the engine must know
of the connections themselves (a stream lost, another reference venue) is told in rows too, so a
recording replays faults as they were met.

* ``feed``           the feed: rows in, messages out, tasks and their health
* ``inbox``          rows stamped and queued, and handed to the recorder
* ``clock``          market time: the wall clock, held steady by the monotonic one
* ``backoff``        how long to wait before trying again
* ``health``         how a stream fares, for the screen and the ladder
* ``stream``         one logical websocket: connect, wait, listen, roll over, reconnect
* ``spec``           what a stream's venue must say for its connection to be managed
* ``link``           one connection of a stream: greeted, kept alive, watched
* ``socket``         the websocket below it, and all that it can raise
* ``ask``            one HTTP request, answered or refused in words
* ``clients``        the HTTP client, made anew in time
* ``poll``           requests repeated while they are wanted
* ``parts``          what every task is built from
* ``polymarket``     the tasks of the market's venue
* ``polymarket_windows``    which windows are of interest, and what is known of each
* ``polymarket_streams``    what its sockets are asked, and what their frames deliver
* ``polymarket_discovery``  windows found before they open
* ``polymarket_outcomes``   windows followed until their outcome is known
* ``polymarket_checks``     books asked for, to be compared with the channel's
* ``polymarket_lacking``    tokens without a whole book, and the cure
* ``probe``          whether a venue of the underlying answers, and its time
* ``binance``        requests of Binance, futures and spot
* ``binance_streams``       what its sockets are asked, and what their frames deliver
* ``okx``            requests of OKX
* ``okx_streams``    the same as Binance's
* ``rung``           one venue of the underlying, with all that runs while it is wanted
* ``ladder``         the rules by which one of them is chosen
* ``reference``      which venue the underlying is measured on, and when that changes
"""
