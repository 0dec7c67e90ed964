"""Learning: PPO on the engine's own decisions, on a challenger that decides nothing real.

* ``profile``       every hyper-parameter, by profile
* ``transition``    one step of experience
* ``trajectories``  from decisions and realised money to transitions, window by window
* ``window_rows``   those of one window, as they lie in memory
* ``rollout``       the transitions of the next update, as arrays
* ``pieces``        long work in short pieces
* ``advantages``    generalised advantage estimation, and rewards to a scale that keeps zero
* ``parameters``    a network's tensors as one flat vector, and back
* ``forward``       what the networks compute from such a vector
* ``loss``          the two losses and their measures
* ``adam``          the optimiser
* ``step``          one minibatch: losses, gradients, clipping, Adam, in one compiled call
* ``table``         the rows as the steps take them, and whether they may be learnt from
* ``update``        epochs of such steps over one rollout, slice by slice
* ``guards``        what an update must not have done
* ``reference``       the champion as its challenger knows it, and the judgement
* ``probes``          the states on which the two are compared
* ``running``         an update under way, and what it began from
* ``reports``         what is kept and shown of an update
* ``answers``         the compiled call with which a learner answers
* ``learner_state``   everything that a learner is, as one record
* ``learner``       the challenger's weights, and what becomes of them
* ``state_file``    one checkpoint of all that as bytes
* ``store``         the last good checkpoints on disk
* ``scribe``        the thread that writes them
* ``shadow``        the challenger's own paper account on the same market
* ``unlogged``      the log of that account, which keeps nothing
* ``rivals``        champion and challenger, slot by slot
* ``promotion``     what it takes to become champion, and the way back
* ``succession``    who is champion, and the probation after a promotion
* ``challenger``    all of it together, as the engine's thread drives it
* ``bench``         how long an epoch and a slice take, against the plain way
"""
