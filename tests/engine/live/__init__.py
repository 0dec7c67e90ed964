"""The whole engine on live feeds, against local venues that misbehave.

* ``drive``      an engine on a town's venues, driven as its thread would drive it
* ``watch``      what must hold whatever happens
* ``account``    what a run's events are worth by the world's own outcomes
* ``replayed``   an engine on what another one recorded
"""
