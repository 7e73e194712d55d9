"""The sets of the benchmark, a module each."""

from benchmarks.accuracy.sets import (
    adding,
    article,
    beijing,
    cmapss,
    etth1,
    flood,
    glucose,
    mackey_glass,
    narma,
    sunspots,
)

SETS = {
    chosen.name: chosen
    for chosen in (
        article.SET,
        flood.SET,
        cmapss.SET,
        etth1.SET,
        beijing.SET,
        glucose.SET,
        sunspots.MONTHLY,
        sunspots.YEARLY,
        narma.SET,
        mackey_glass.SET,
        adding.SET,
    )
}
"""Every set by its name, in the order in which they run."""

__all__ = ["SETS"]
