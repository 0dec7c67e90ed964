"""The whole engine on live feeds, against local venues that misbehave.

* ``drive``   an engine on a town's venues, driven as its thread would drive it
* ``watch``   what must hold whatever happens
"""
