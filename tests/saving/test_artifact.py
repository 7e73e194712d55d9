import errno
import json
import os
import pickle
import struct
import tracemalloc
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from unflat.errors import (
    CorruptArtifactError,
    ForeignArtifactError,
    MissingArtifactError,
    NewerFormatError,
    OutputError,
)
from unflat.saving.artifact import FORMAT_VERSION, read_artifact, write_artifact, write_atomically

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1.7e9 + 1], dtype=torch.float64)}
DOCUMENT = {"parameters": {"units": [3, 4]}, "note": "Flut ±1 米"}


def test_round_trip_is_exact(tmp_path):
    """What was written is read back: every bit of the tensors, every value of the document."""
    path = tmp_path / "m.unflat"
    write_artifact(path, TENSORS, DOCUMENT)
    tensors, document = read_artifact(path)
    assert document == DOCUMENT
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert torch.equal(tensors[name], tensor)
        assert tensors[name].dtype == tensor.dtype


def test_bytes_follow_from_the_content(tmp_path):
    """Writing the same twice gives the same file."""
    for name in ("one", "two"):
        write_artifact(tmp_path / name, TENSORS, DOCUMENT)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_layout_is_plain_safetensors(tmp_path):
    """The file starts as the safetensors format says: a length, then a JSON header with our document in it."""
    path = tmp_path / "m.unflat"
    write_artifact(path, TENSORS, DOCUMENT)
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    ours = json.loads(header["__metadata__"]["unflat"])
    assert ours.pop("digest")
    assert ours == {"version": FORMAT_VERSION, "document": DOCUMENT}


@pytest.mark.parametrize("kept", [0, 4, 100, 200, -1])
def test_truncated_file_is_named(tmp_path, kept):
    """A file cut short anywhere is refused; where its start is still ours it is called damaged."""
    path = tmp_path / "m.unflat"
    write_artifact(path, TENSORS, DOCUMENT)
    path.write_bytes(path.read_bytes()[:kept])
    kind = CorruptArtifactError if kept in {100, 200, -1} else ForeignArtifactError
    with pytest.raises(kind, match=r"The model file .*m\.unflat"):
        read_artifact(path)


def test_altered_file_is_refused_wherever_it_was_altered(tmp_path):
    """One bit that is not as it was written, in the description or in the numbers, and the file is called damaged."""
    path = tmp_path / "m.unflat"
    write_artifact(path, TENSORS, DOCUMENT)
    content = path.read_bytes()
    for place in (content.index(b"version"), content.index(b"units"), len(content) - 1, len(content) - 20):
        altered = bytearray(content)
        altered[place] ^= 1
        path.write_bytes(altered)
        with pytest.raises(CorruptArtifactError, match="a damaged one"):
            read_artifact(path)


def test_file_without_a_digest_is_read(tmp_path):
    """Files were written without one before."""
    path = tmp_path / "m.unflat"
    save_file(TENSORS, path, {"unflat": json.dumps({"version": 1, "document": DOCUMENT})})
    assert read_artifact(path)[1] == DOCUMENT


def test_what_becomes_of_a_file_does_not_reach_what_was_read(tmp_path):
    """Another model over it, or nothing: the numbers are those that stood there, and reading them ends no process."""
    path, other = tmp_path / "m.unflat", tmp_path / "other.unflat"
    write_artifact(path, TENSORS, DOCUMENT)
    write_artifact(other, {name: tensor + 1 for name, tensor in TENSORS.items()}, DOCUMENT)
    tensors, _ = read_artifact(path)
    for content in (other.read_bytes(), b""):
        path.write_bytes(content)
        assert all(torch.equal(tensors[name], tensor) for name, tensor in TENSORS.items())


def test_a_path_of_any_bytes_is_written_and_read(tmp_path):
    """A name that is no UTF-8, as older systems have left them, is a name as any other."""
    path = tmp_path / os.fsdecode(b"caf\xe9.unflat")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system takes no such names")
    write_artifact(path, TENSORS, DOCUMENT)
    assert read_artifact(path)[1] == DOCUMENT


def test_of_a_large_foreign_file_the_beginning_is_read(tmp_path):
    """A file that is no model is refused before it is in memory, whatever its size."""
    path = tmp_path / "other"
    with path.open("wb") as file:
        file.truncate(2**26)
    tracemalloc.start()
    with pytest.raises(ForeignArtifactError, match="another kind of file"):
        read_artifact(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


def test_a_folder_is_no_model(tmp_path):
    """The folder of a run is told from the file in it."""
    with pytest.raises(ForeignArtifactError, match=r"received a folder\. Give the model\.unflat of a run.*Run\("):
        read_artifact(tmp_path)


def test_foreign_files_are_refused(tmp_path):
    """Text, a pickle and somebody else's safetensors are not models of ours, and none of them is executed."""
    text = tmp_path / "text"
    text.write_text("hello")
    pickled = tmp_path / "pickle"
    pickled.write_bytes(pickle.dumps({"weights": [1, 2]}))
    other = tmp_path / "other.safetensors"
    save_file({"w": torch.zeros(2)}, other)
    for path in (text, pickled, other):
        with pytest.raises(ForeignArtifactError, match="a model that unflat saved"):
            read_artifact(path)


def test_missing_file_is_the_usual_error(tmp_path, monkeypatch):
    """No file is FileNotFoundError, as everywhere in Python, and an error of ours that says where it was looked for."""
    with pytest.raises(FileNotFoundError, match=r"nowhere: .* received nothing of that name\. Check the path\."):
        read_artifact(tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingArtifactError, match=f"Check the path: it was looked for in {tmp_path}"):
        read_artifact("nowhere")


def test_newer_format_is_refused_with_the_upgrade(tmp_path, monkeypatch):
    """A file of a later format names both versions and the command that helps."""
    monkeypatch.setattr("unflat.saving.artifact.FORMAT_VERSION", FORMAT_VERSION + 1)
    write_artifact(tmp_path / "m", TENSORS, DOCUMENT)
    monkeypatch.undo()
    with pytest.raises(NewerFormatError, match=rf"format {FORMAT_VERSION + 1}\. Upgrade: python -m pip"):
        read_artifact(tmp_path / "m")


def test_full_disk_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    """When the disk is full while writing, the earlier file is untouched and nothing is left beside it."""
    path = tmp_path / "m"
    path.write_bytes(b"old")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left on device\. Choose a folder"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


def test_really_full_disk_is_reported():
    """A device that has no room gives the same error, without a simulated one."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OutputError, match="Writing /dev/full/m"):
        write_atomically(Path("/dev/full/m"), b"new")


def test_folder_that_is_not_there(tmp_path):
    """A path into nowhere says so, with the remedy."""
    with pytest.raises(OutputError, match=r"No such file or directory\. Choose a folder that exists"):
        write_atomically(tmp_path / "no" / "m", b"x")


def test_read_only_folder(tmp_path, monkeypatch):
    """A folder that may not be written to is reported as such."""

    def refused(*_args, **_kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)  # permissions do not bind the superuser that may run tests
    with pytest.raises(OutputError, match="Permission denied"):
        write_atomically(tmp_path / "m", b"x")


def test_file_mode_is_that_of_ordinary_files(tmp_path):
    """The file is as readable as any the user makes, not private as temporary ones are."""
    write_atomically(tmp_path / "m", b"x")
    (tmp_path / "plain").write_bytes(b"x")
    assert (tmp_path / "m").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_mask_of_the_process_is_left_alone(tmp_path, monkeypatch):
    """Other threads make files meanwhile, and what these may do is none of our business."""

    def changed(_mask):
        raise AssertionError

    monkeypatch.setattr(os, "umask", changed)
    write_atomically(tmp_path / "m", b"x")


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o664])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, mode):
    """Who was let in stays in, and who was not stays out."""
    path = tmp_path / "m"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == mode


def test_a_link_stays_one(tmp_path):
    """What it leads to is written, whether there was a file or none, and nothing is left beside either."""
    there, link = tmp_path / "there", tmp_path / "m"
    there.mkdir()
    link.symlink_to(Path("there", "latest"))
    for content in (b"first", b"second"):
        write_atomically(link, content)
        assert link.is_symlink()
        assert (there / "latest").read_bytes() == content
    assert [entry.name for entry in there.iterdir()] == ["latest"]
    assert {entry.name for entry in tmp_path.iterdir()} == {"there", "m"}


def test_the_folder_is_synced_after_the_name(tmp_path, monkeypatch):
    """A file whose name was not on the disk yet would be gone after a failure of the power."""
    synced, sync = [], os.fsync

    def noted(descriptor):
        synced.append((os.fstat(descriptor).st_ino, (tmp_path / "m").exists()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write_atomically(tmp_path / "m", b"x")
    assert synced == [((tmp_path / "m").stat().st_ino, False), (tmp_path.stat().st_ino, True)]


def test_a_folder_that_cannot_be_synced_holds_the_file(tmp_path, monkeypatch):
    """Some systems sync no folders: the file is there all the same."""

    def refused(descriptor):
        if os.fstat(descriptor).st_ino == tmp_path.stat().st_ino:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refused)
    write_atomically(tmp_path / "m", b"x")
    assert (tmp_path / "m").read_bytes() == b"x"
