"""Offline training: the learner of ``engine.learning``, on many markets at once.

* ``plan``       what is trained, from what and how; what may not change when it goes on
* ``segment``    one piece of market, and what a policy experiences in it
* ``harvest``    that experience as arrays, small enough for a pipe
* ``worker``     the process that runs segments
* ``crew``       the worker processes, and what becomes of one that dies
* ``lesson``     one iteration: segments, one update, the guards' verdict
* ``folder``     what a training keeps on disk
* ``course``     iterations until the end or until it is stopped, each of them kept

An iteration is a function of the weights before it, the seed and its number, so neither the number
of workers nor an interruption changes what is learnt.
"""
