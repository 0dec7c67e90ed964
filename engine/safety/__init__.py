"""Who may trade, and what proves that safety itself runs.

Floor plan:

* ``breakers``  what takes the engine to REDUCING, and what it takes to leave it again
* ``duties``    tasks that must prove that they run; ACTIVE needs every stamp fresh
* ``checks``    what is looked at in market time, tick by tick, and trips a breaker
* ``order_faults``, ``silence``, ``account``  rejected orders, silent sources, our books compared
* ``patrol``    the machine looked at from the engine's thread: stop file, latch, disk, clock, loop
* ``latch_watch``  the latch file compared with the latch in memory
* ``watchdog``  the engine's thread looked at from outside it
* ``stop_file`` a file that asks for a stop, told once
* ``stop``      an emergency stop from the latch to its evidence
* ``drill``     the stop tried at every start, on a venue of its own

The latch and the states are `engine.trading_state`; what an order may do in each is `engine.gate`.
"""
