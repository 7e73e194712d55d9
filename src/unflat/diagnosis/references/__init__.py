"""References: what other learners find in the same data, whatever the model under examination makes of them.

`finding` asks learners of tables (`learners`, `reservoir`), and `second_opinion` a small recurrent network beside them
(`recurrent`), which reads no further than anything tells of the target (`idle`, by the line in `linear`). Both put
their data on one scale by `tables`, and say what was reached in the words of `signal`.
"""

from unflat.diagnosis.references.finding import find_references
from unflat.diagnosis.references.second_opinion import with_second_opinion
from unflat.diagnosis.references.signal import GAIN, Reference, References, Signal

__all__ = ["GAIN", "Reference", "References", "Signal", "find_references", "with_second_opinion"]
