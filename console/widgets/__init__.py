"""What the views are made of. Every widget draws lines from a `Snapshot`; none asks the engine.

display.py   privacy, clock and freeze      lines.py     a block that repaints what changed
bars.py      signed bars, sparklines        plot.py      a curve in braille dots
phrases.py   an asset's state in words      features.py  the 18 inputs as a grid
asset.py     one asset's panel              ladder.py    the order book
vitals.py    the items of the status row    status.py    the status row
limits.py    limits and denials             tail.py      last trades and log lines
keys.py      the key row                    verdict.py   better, worse or not shown
learning.py  the challenger in words        series.py    what the updates measured, as charts
updates.py   the table of updates         feeds.py    the feeds in words
connections.py  the table of connections  contracts.py  the reference venue's contracts
live.py      a live market in the status row
safety.py    breakers, tasks, alerts      stop.py      a stop and its evidence
safety_alerts.py  what the status row tells of safety
"""
