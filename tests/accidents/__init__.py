"""The accident museum: what went wrong in programs of this kind, each as a test that runs.

Every test is named after a row of the failure ledger that ``README.md`` tells in a clause each.
``stage`` builds the scenes; ``test_table`` keeps the README true; the other files are grouped as
the ledger is.
"""
