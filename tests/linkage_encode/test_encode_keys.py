"""The key: random, kept apart, and in no output, message, repr or pickle."""

import base64
import copy
import dataclasses
import hmac
import json
import os
import pickle
import stat

import pprl_people as pp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import RunError
from curv_eval.linkage.keys import Key, keyed, make_key, read_key

posix = pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
FORMS = (pp.SECRET.hex(), base64.b64encode(pp.SECRET).decode(), repr(pp.SECRET), str(list(pp.SECRET)))


def written(path, secret=pp.SECRET, header="curv-eval linkage key 1 for a-test", mode=0o600):
    path.write_text(f"{header}\n{base64.b64encode(secret).decode()}\n", "ascii", newline="\n")
    path.chmod(mode)
    return path


def refusal(call, *args, **more):
    with pytest.raises(RunError) as caught:
        call(*args, **more)
    return str(caught.value)


def test_a_key_is_made_and_read_again(tmp_path):
    path = tmp_path / "linkage.key"
    made = make_key(path, project="street-mentoring")
    read = read_key(path)
    assert read.fingerprint == made.fingerprint
    assert (read.project, read.path) == ("street-mentoring", path.resolve())
    assert read.derive("x") == made.derive("x")
    header, secret, end = path.read_text("ascii").split("\n")
    assert (header, end) == ("curv-eval linkage key 1 for street-mentoring", "")
    assert len(base64.b64decode(secret, validate=True)) == 32


@posix
def test_only_its_owner_can_read_a_key(tmp_path):
    before = os.umask(0)
    try:
        make_key(tmp_path / "linkage.key", project="a-test")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "linkage.key").stat().st_mode) == 0o600


def test_no_two_keys_are_alike(tmp_path):
    made = [make_key(tmp_path / f"{i}.key", project="a-test") for i in range(20)]
    assert len({one.fingerprint for one in made}) == 20
    assert len({one.derive("x") for one in made}) == 20


def test_a_key_is_never_written_over(tmp_path):
    path = written(tmp_path / "linkage.key")
    before = path.read_bytes()
    said = refusal(make_key, path, project="a-test")
    assert "already exists" in said
    assert "every link it could have made" in said
    assert path.read_bytes() == before


@pytest.mark.parametrize("project", ["", "x", "My Project", "a\nb", "a" * 61, "-a-b", "ends-"])
def test_a_project_needs_a_plain_name(tmp_path, project):
    assert "plain name" in refusal(make_key, tmp_path / "linkage.key", project=project)
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_cannot_be_written_is_not_left_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(base64, "b64encode", lambda secret: b"\xff\xfe")
    with pytest.raises(UnicodeDecodeError):
        make_key(tmp_path / "linkage.key", project="a-test")
    monkeypatch.undo()
    real = os.fdopen

    def failing(*args, **more):
        file = real(*args, **more)
        file.close()
        return file

    monkeypatch.setattr(os, "fdopen", failing)
    with pytest.raises(ValueError, match="closed"):
        make_key(tmp_path / "linkage.key", project="a-test")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["params", "data_contracts"])
@pytest.mark.parametrize("at", ["linkage.key", "private/linkage.key", "params/linkage.key"])
def test_a_key_does_not_lie_in_a_project(tmp_path, folder, at):
    for name in (folder, "private", "params"):
        (tmp_path / "project" / name).mkdir(parents=True, exist_ok=True)
    path = tmp_path / "project" / at
    assert "would lie in a curv-eval project" in refusal(make_key, path, project="a-test")
    assert not path.exists()
    assert "lies in a curv-eval project" in refusal(read_key, written(path))


def test_a_key_does_not_lie_in_outputs_or_a_repository(tmp_path):
    (tmp_path / "Outputs" / "x").mkdir(parents=True)
    (tmp_path / "code" / ".git").mkdir(parents=True)
    said = refusal(make_key, tmp_path / "Outputs" / "x" / "linkage.key", project="a-test")
    assert "a folder called outputs" in said
    assert "a git repository" in refusal(make_key, tmp_path / "code" / "linkage.key", project="a-test")
    assert not list(tmp_path.rglob("*.key"))


@posix
def test_a_link_from_elsewhere_does_not_hide_where_a_key_lies(tmp_path):
    (tmp_path / "project" / "params").mkdir(parents=True)
    (tmp_path / "project" / "private").mkdir()
    (tmp_path / "door").symlink_to(tmp_path / "project" / "private", target_is_directory=True)
    assert "project" in refusal(make_key, tmp_path / "door" / "linkage.key", project="a-test")


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    said = refusal(read_key, written(tmp_path / "linkage.key", mode=mode))
    assert "can be read by others" in said
    assert "chmod 600" in said


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        (b"", "0 bytes"),
        (pp.SECRET[:31], "31 bytes"),
        (pp.SECRET + b"x", "33 bytes"),
        (b"correct horse battery staple now", "words or a pattern"),
        (b"MiddlesbroughVCSEkey2026-private", "words or a pattern"),
        (bytes(32), "words or a pattern"),
        (b"\xff\x00" * 16, "words or a pattern"),
    ],
)
def test_a_key_that_is_easy_to_guess_is_refused(tmp_path, secret, why):
    said = [refusal(Key, secret, project="a-test")]
    said += [refusal(read_key, written(tmp_path / "linkage.key", secret))] if secret else []
    for one in said:
        assert why in one
        assert "too easy to guess" in one
        assert not secret or secret.decode("latin-1") not in one


@pytest.mark.parametrize(
    "held",
    ["", "my secret passphrase\n", "curv-eval linkage key 1 for a-test\n", "a\nb\nc\n",
     base64.b64encode(pp.SECRET).decode() + "\n",
     "curv-eval linkage key 2 for a-test\n" + base64.b64encode(pp.SECRET).decode() + "\n"],
)  # fmt: skip
def test_a_file_that_is_no_key_is_refused(tmp_path, held):
    path = tmp_path / "linkage.key"
    path.write_text(held)
    path.chmod(0o600)
    said = refusal(read_key, path)
    assert "this is not a key file" in said
    assert all(line not in said for line in held.split("\n") if len(line) > 12 and line.startswith(("my", "C")))


def test_a_damaged_key_is_refused_without_being_shown(tmp_path):
    path = written(tmp_path / "linkage.key")
    path.write_text(path.read_text()[:-6] + "!!\n")
    said = refusal(read_key, path)
    assert "damaged" in said
    assert not any(form[:12] in said for form in FORMS)


def test_a_key_saved_with_the_line_ends_of_windows_is_read(tmp_path):
    path = written(tmp_path / "linkage.key")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_key(path).fingerprint == pp.key().fingerprint


@pytest.mark.parametrize(
    "form", [FORMS[1], FORMS[0], "x" * 5_000, "bad\0path", base64.b64encode(bytes(range(200))).decode()]
)
def test_a_key_given_for_its_path_is_not_quoted(tmp_path, form, monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    said = refusal(read_key, Path(form))
    assert "no file can be read" in said
    assert "others may have seen it" in said
    assert form[:10] not in said


def test_a_folder_or_a_workbook_given_for_a_key_is_refused(tmp_path):
    assert "no file can be read" in refusal(read_key, tmp_path)
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    assert "not a key file" in refusal(read_key, tmp_path / "x.xlsx")


def test_a_key_shows_nothing_of_itself():
    key = pp.key()
    shown = [repr(key), str(key), f"{key}", f"{key!r}", repr([key]), repr({"key": key}), key.fingerprint]
    shown += [str(getattr(key, name)) for name in dir(key) if not name.startswith("_") and name != "derive"]
    for text in shown:
        assert not any(form[:10] in text for form in FORMS)
    assert repr(key) == f"<Key of a-test: fingerprint {key.fingerprint}>"


def test_a_key_is_not_pickled_copied_dumped_or_changed():
    key = pp.key()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            pickle.dumps(key, protocol)
    for copied in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            copied(key)
    with pytest.raises(TypeError):
        json.dumps(key)
    with pytest.raises(TypeError):
        vars(key)
    with pytest.raises(TypeError):
        dataclasses.asdict(key)
    for change in (lambda: setattr(key, "project", "x"), lambda: delattr(key, "path"), lambda: setattr(key, "new", 1)):
        with pytest.raises(AttributeError, match="does not change"):
            change()


def test_every_label_has_its_own_sub_key():
    key, other = pp.key(), pp.key(pp.OTHER_SECRET)
    labels = ["", "fingerprint", "record_id/vcse", "record_id/vcs", "uk-1/field/surname", "uk-1/block/surname"]
    derived = [key.derive(label) for label in labels]
    assert len(set(derived)) == len(labels)
    assert {len(one) for one in derived} == {32}
    assert key.derive("a") == pp.key().derive("a") != other.derive("a")
    assert key.derive("a") == hmac.new(pp.SECRET, b"curv-eval linkage 1/a\x01", "sha256").digest()


def test_the_fingerprint_tells_keys_apart_and_nothing_else():
    key, other = pp.key(), pp.key(pp.OTHER_SECRET)
    assert key.fingerprint != other.fingerprint
    assert len(key.fingerprint) == 16
    assert key.fingerprint == pp.key(project="another-project").fingerprint
    assert key.fingerprint not in key.derive("record_id/vcse").hex()


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=64), st.binary(max_size=200))
def test_the_fast_hmac_is_that_of_the_standard_library(sub_key, text):
    assert keyed(sub_key)(text) == hmac.new(sub_key, text, "sha256").digest()
    mac = keyed(sub_key)
    assert mac(text) == mac(text) != mac(text + b"x")
