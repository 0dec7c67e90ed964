"""The doctor: looks at this machine and at every venue, and says what to do about what is amiss.

Everything here only reads. It opens no event log for writing, makes no folder and sends nothing but
requests for public data. Each look has its own deadline, and none can cost another its finding.

* ``findings``          one finding, and how it is worded
* ``examine``           every look, side by side, within one deadline
* ``machine``           Python, packages, memory, disk, clock
* ``terminal``          what the console will be drawn on
* ``keeping``           folders, permissions, configuration, halt latch, event logs
* ``arithmetic``        MLX and the weights, tried in a process of its own
* ``arithmetic_probe``  what that process does
* ``wire``              requests and sockets with deadlines
* ``judging``           what was heard, judged the same way for every venue
* ``polymarket``        the market's venue: windows, books, streams, who may trade
* ``polymarket_windows``  the windows that should be listed now
* ``polymarket_questions``  what is not documented of it and can be seen
* ``binance``           the three sources of Binance
* ``okx``               swaps, counted in contracts
* ``reference``         which venue the underlying would be measured on
"""
