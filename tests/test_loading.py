"""Modules loaded on first use: what the collector of cycles does meanwhile, and afterwards."""

import gc
import subprocess
import sys

import pytest

from unflat._loading import load_module

WATCHING = "import gc\nworked = gc.isenabled()\n"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module that can be imported once, and give its name and its file."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "loaded_late", raising=False)
    return "loaded_late", tmp_path / "loaded_late.py"


def test_the_collector_rests_while_a_module_is_loaded(module):
    """No search for cycles runs through what is being loaded, and it goes on afterwards."""
    name, file = module
    file.write_text(WATCHING)
    assert not load_module(name).worked
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off(module):
    """Whoever has switched the collector off finds it off."""
    name, file = module
    file.write_text(WATCHING)
    gc.disable()
    try:
        load_module(name)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_collector_works_again_after_an_error(module):
    """A module that cannot be loaded leaves the collector as it was."""
    name, file = module
    file.write_text("raise RuntimeError('spoilt')")
    with pytest.raises(RuntimeError, match="spoilt"):
        load_module(name)
    assert gc.isenabled()


def test_the_module_is_the_one_that_python_has(module):
    """What is given is the module that any later import finds."""
    name, file = module
    file.write_text(WATCHING)
    assert load_module(name) is sys.modules[name]


LOADING = """
import gc, sys, weakref
sys.path.insert(0, sys.argv[1])
from unflat._loading import MUCH, YOUNG, load_module

older = [[] for _ in range(YOUNG if sys.argv[2] == "old" else 0)]
load_module("loaded_late")
class Node: pass
node = Node()
node.itself, seen = node, weakref.ref(node)
del node
gc.collect()
print(gc.get_freeze_count() >= MUCH, seen() is None, gc.isenabled())
"""


@pytest.mark.parametrize(("age", "set_aside"), [("young", "True"), ("old", "False")])
def test_what_a_young_process_loads_is_set_aside(module, age, set_aside):
    """There much that is loaded is searched no more, elsewhere nothing changes; cycles made later are found in both."""
    _, file = module
    file.write_text("from unflat._loading import MUCH\nkept = [[] for _ in range(MUCH + MUCH // 10)]\n")
    done = subprocess.run(  # noqa: S603 - the lines above
        [sys.executable, "-c", LOADING, str(file.parent), age], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [set_aside, "True", "True"]


def test_little_that_is_loaded_is_not_set_aside(module):
    """A small module is not worth it: objects stay where they are."""
    _, file = module
    file.write_text("kept = []\n")
    done = subprocess.run(  # noqa: S603 - the lines above
        [sys.executable, "-c", LOADING, str(file.parent), "young"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "True"]
