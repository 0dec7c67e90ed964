"""What the views are made of. Every widget draws lines from a `Snapshot`; none asks the engine.

lines.py     a block of lines that repaints only what changed        display.py   privacy, clock, freeze
bars.py      glyphs: signed bars, sparklines, gauges                  phrases.py   an asset's state in words
status.py    the status row                                           keys.py      the key row
features.py  the 18 features as a grid                                asset.py     one asset's panel
ladder.py    the order book                                           plot.py      a curve in braille dots
limits.py    limits and denials                                       tail.py      last trades, last log lines
"""
