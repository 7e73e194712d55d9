"""The compiler: found where it is, and never missed where it is not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from unflat.network.kernel import compiling, library


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Compile into another folder than the package's."""
    monkeypatch.setattr(compiling, "LIBRARY", tmp_path / "lstm.shared")
    return tmp_path


@pytest.mark.skipif(compiling.compiler() is None, reason="there is no C compiler")
def test_the_kernel_compiles_without_a_warning(elsewhere):
    """Every line of the source stands up to the compiler's own criticism, and the library knows its source."""
    done = subprocess.run(  # noqa: S603 - the compiler that the package itself runs
        [*compiling.compiler(), *compiling._FLAGS, "-O1", "-Wall", "-Wextra", "-Werror", str(compiling.SOURCES[0]),
         "-o", str(elsewhere / "strict.so"), "-ldl"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiler", ["/nowhere/cc", "false", ""])
def test_without_a_working_compiler_nothing_is_made_and_nothing_raised(elsewhere, monkeypatch, compiler):
    """A compiler that is missing or fails is a reason in words, and leaves no file behind."""
    monkeypatch.setattr(compiling, "compiler", lambda: [compiler] if compiler else None)
    assert "compiler" in compiling.build() or compiler in compiling.build()
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_a_reason_in_words(tmp_path, monkeypatch):
    """An installation that is read-only is named, with what the system says of it, and nothing is raised."""
    monkeypatch.setattr(compiling, "LIBRARY", tmp_path / "gone" / "lstm.shared")
    monkeypatch.setattr(compiling, "compiler", lambda: ["true"])
    said = compiling.build()
    assert said.startswith(f"{tmp_path / 'gone'} cannot be written to: ")
    assert "No such file or directory" in said


def test_the_compiler_named_by_the_environment_comes_first(monkeypatch):
    """CC may hold a command with arguments; one that is not there is passed over."""
    monkeypatch.setenv("CC", f"{sys.executable} -x")
    assert compiling.compiler() == [sys.executable, "-x"]
    monkeypatch.setenv("CC", "/nowhere/cc")
    assert compiling.compiler() != ["/nowhere/cc"]
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert compiling.compiler() is None


def test_a_library_of_another_source_is_not_used(tmp_path, monkeypatch):
    """What was compiled before the source changed, what is no library, and what is not there, are all passed over."""
    fake = tmp_path / "lstm.shared"
    monkeypatch.setattr(library, "LIBRARY", fake)
    assert library.loaded.__wrapped__() is None
    fake.write_bytes(b"no library")
    assert library.loaded.__wrapped__() is None
    if not compiling.LIBRARY.exists():
        pytest.skip("no kernel is compiled: `make kernel`")
    monkeypatch.setattr(library, "LIBRARY", compiling.LIBRARY)
    monkeypatch.setattr(library, "sources_number", lambda: 1)
    assert library.loaded.__wrapped__() is None


def test_the_build_can_run_it_before_anything_is_installed(tmp_path):
    """The file needs the standard library alone: Python runs it with no packages at all."""
    copy = tmp_path / "compiling.py"
    copy.write_bytes(Path(compiling.__file__).read_bytes())
    code = f"import runpy; runpy.run_path({str(copy)!r})"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)  # noqa: S603 - Python itself
