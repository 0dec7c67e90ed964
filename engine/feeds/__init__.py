"""Sources of market data, each speaking only `engine.messages`.

* ``feed``            the protocol
* ``tee``             one source for several engines
* ``replay``          recordings of real markets as a feed
* ``replay_order``      their rows in time order
* ``rows``            what each kind of row means; recordings and live data alike
* ``rows_own``          rows in the program's own words
* ``rows_windows``      which windows are known, their prices to beat and outcomes
* ``venues``          what each venue's raw messages mean
* ``live``            sockets and requests to real venues: everything that waits
* ``sim``             the embedded market:
* ``sim_chapter``       one window's messages, merged
* ``sim_messages``      arrays to messages
* ``sim_clerk``         listings, prices to beat, verdicts
* ``sim_book``          the outcome books
* ``sim_tape``          quotes and trades of the underlying
* ``sim_fair``          the probability that the underlying gives
* ``sim_path``          the underlying within a window
* ``sim_levels``        the underlying from window to window
* ``sim_random``        seeds
* ``sim_params``        every number, in one table
"""
