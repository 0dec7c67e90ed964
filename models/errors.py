"""What can go wrong with a model, each told in one sentence.

Owns the exceptions of this package and nothing else.
"""

from __future__ import annotations


class WeightsError(Exception):
    """A weight file, or a file beside it, cannot be used or written.

    The message is one sentence: which file, what is wrong with it, how to mend it.
    """


class NonFiniteOutput(Exception):  # noqa: N818 - names the numbers that must not be used
    """A network answered finite inputs with NaN or infinity."""
