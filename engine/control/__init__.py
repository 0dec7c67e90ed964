"""The engine reached from other shells of this machine, through a socket that only its owner opens.

Floor plan:

* ``protocol``   the lines that are said: one JSON object each, requests and answers
* ``address``    where the socket lies, also where a home's path is too long for one
* ``peer``       who is at the other end, as the kernel tells it
* ``server``     the engine's end, a task of its thread
* ``answers``    what each question is answered
* ``report``     a snapshot in short, for ``status``
* ``client``     the other end: a question, its answers, a deadline
* ``emergency``  a stop from another process, by whatever way still works
* ``codec``      a snapshot as JSON and back
* ``remote``     a running engine as the console's `engine.requests.EnginePort`
"""
