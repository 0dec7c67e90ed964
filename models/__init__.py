"""Networks, weight files, and which of them decides. Never imports engine, console or textual.

A model here is a function from rows of numbers to three probabilities and a value; what the
three outputs mean is known elsewhere. The floor plan, each file above what it stands on:

* ``ladder``        which policy decides, and the order in which it falls back
* ``catalog``       inspecting, listing and importing weight files
* ``bench``         how long one decision takes, fused and one network at a time
* ``policy``        a loaded model with its compiled call: `load_policy`, `Policy`
* ``initial``       seeded untrained weights, where a training begins
* ``shipped``       where the weights lie that come with the program
* ``fused``         all networks of a model as one expression for all rows
* ``networks``      the same networks written plainly, one module each
* ``checkpoint``    weights, stats and manifest as one unit on disk: `save_policy`
* ``manifest``      where weights come from, and the hashes of their files
* ``stats``         the running reward statistics beside the weights
* ``tensor_file``   tensors to and from the bytes of a safetensors file
* ``disk``          reading with a bound, and writing that survives a crash
* ``architecture``  the one table of tensor names and shapes
* ``errors``        what can go wrong, in one sentence

Threads: a policy may be loaded in one thread and called from another, one call at a time. Only
numpy arrays cross the border of this package.
"""

from __future__ import annotations

from models.checkpoint import save_policy
from models.policy import Policy, load_policy

__all__ = ["Policy", "load_policy", "save_policy"]
