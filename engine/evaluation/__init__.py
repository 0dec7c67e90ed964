"""Evaluation: several arms on the same tape, and what may honestly be said of the difference.

tape.py         where the market comes from, and what can be said of it before it is played
arms.py         what is compared: weights and fixed rules, by name
rules.py        the fixed rules: what each does and its numbers, set beforehand
seat.py         a rule in the place of a model, so that nothing else of a run differs
online.py       weights that go on learning, and their placebo
pace.py         how often an arm opens and leaves, for the random arm to match
accounts.py     one arm's money by window, taken from the ledger
run.py          every arm through the same engine and paper venue
walk_forward.py nothing is scored on data that it learned from
causality.py    nothing that decides knows what has not happened yet
slots.py        windows to slots; totals, drawdown, fragility, cost multiples
bootstrap.py    the interval of a mean of dependent slots
verdict.py      better, worse or not shown
pairs.py        which arms are compared with which
report.py       all of it as one frozen object; table.py, png.py and csv_file.py show it
compare.py      an evaluation from beginning to end
"""
