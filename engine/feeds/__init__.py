"""Sources of market data, each speaking only `engine.messages`.

* ``feed``    the protocol
* ``replay``  recordings of real markets
* ``sim``     the embedded market (``sim_*`` are its parts)
"""
