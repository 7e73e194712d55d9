"""Material: what a diagnosis is made from, before any model is asked.

`sources` finds models and data by their names on a command line, and `inputs` takes sequences, targets and losses in
any form. The others look at the numbers alone: what sequences are padded with (`padding`), what seems to stand for
missing values (`codes`), which feature holds the target's past (`past`), and how sequences become rows of a table
(`summaries`).
"""

from unflat.diagnosis.material.codes import codes_taken_for_numbers
from unflat.diagnosis.material.inputs import Data, Losses, as_data, as_losses, beside_targets
from unflat.diagnosis.material.padding import Padding, padding_of
from unflat.diagnosis.material.past import Past, find_past
from unflat.diagnosis.material.sources import Material, load_data, load_material, load_model

__all__ = [
    "Data",
    "Losses",
    "Material",
    "Padding",
    "Past",
    "as_data",
    "as_losses",
    "beside_targets",
    "codes_taken_for_numbers",
    "find_past",
    "load_data",
    "load_material",
    "load_model",
    "padding_of",
]
