"""The engine reached from other shells of this machine, through a socket that only its owner opens.

Floor plan:

* ``protocol``  the lines that are said: one JSON object each, requests and answers
* ``address``   where the socket lies, also where a home's path is too long for one
* ``server``    the engine's end, a task of its thread
* ``client``    the other end: one question, one answer, a deadline
* ``codec``     a snapshot as JSON and back
* ``remote``    a running engine as the console's `engine.requests.EnginePort`
"""
