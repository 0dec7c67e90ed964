"""Whole days under a virtual clock, with everything going wrong that a seed can think of.

Owns a deterministic simulation of the real engine, gate, ledger and event log: one seed decides
the market, its faults, the venue's, the person's keys and the kills. ``python -m tests.simulation
--seeds 500`` looks for a seed that breaks an invariant, ``--seed N --trace`` shows one, and
``--scale hour`` looks at less of the market, more closely.

``scale`` says how long and how closely; ``dice`` seeds; ``market`` is the source with faults;
``venue`` the venue with faults and with books of its own; ``policy`` what wants; ``person`` what
presses keys; ``account`` an account of its own; ``auditor`` what must hold; ``day`` puts one day
together; ``__main__`` runs many.
"""
