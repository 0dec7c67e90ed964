"""Sources of market data, each speaking only `engine.messages`.

* ``feed``            the protocol
* ``tee``             one source for several engines
* ``replay``          recordings of real markets:
* ``replay_order``      their rows in time order
* ``replay_rows``       what each kind of row means
* ``replay_channel``    the venue's channel of books and changes
* ``replay_books``      books kept by continuity
* ``replay_levels``     prices and sizes as the venue writes them
* ``replay_fields``     fields of a raw message, checked
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
