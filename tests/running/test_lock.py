"""One lock: hashed, free of addresses, and in agreement with pyproject.toml."""

import re
import subprocess
import sys
import tomllib
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from procure import bootstrap
from procure.bootstrap import LOCK, ROOT, lock_block

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)


def pinned(text):
    return {canonicalize_name(name): version for name, version in PIN.findall(text)}


def wanted():
    groups = PYPROJECT["dependency-groups"]
    installed = (groups[name] for name in ("local", "rules", "test"))
    listed = [*PYPROJECT["project"]["dependencies"], *chain.from_iterable(installed)]
    return [Requirement(text) for text in listed]


def disagreements(text):
    """What pyproject.toml asks for and the lock does not give."""
    pins = pinned(text)
    return [
        str(requirement)
        for requirement in wanted()
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    ]


def test_the_lock_gives_what_pyproject_asks_for():
    assert disagreements(LOCK.read_text()) == []


def test_a_lock_without_a_package_or_with_an_older_one_is_found():
    text = LOCK.read_text()
    older = re.sub(r"^django==\S+", "django==4.2.1", text, flags=re.MULTILINE)
    assert disagreements(older) == ["django<5.3,>=5.2"]
    without = re.sub(r"^whitenoise==.*$", "", text, flags=re.MULTILINE)
    assert disagreements(without) == ["whitenoise>=6.9"]


def test_every_pin_has_its_hashes_and_none_an_address():
    text = LOCK.read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    assert [name for name in pinned(text) if "--hash=sha256:" not in block(name)] == []


def block(name):
    spelled = next(found for found, _ in PIN.findall(LOCK.read_text()) if same(found, name))
    return lock_block(spelled)


def same(one, other):
    return canonicalize_name(one) == canonicalize_name(other)


def test_the_environment_is_made_again_when_the_lock_changes(tmp_path, monkeypatch):
    stamp = tmp_path / "stamp"
    stamp.write_text(bootstrap.fingerprint())
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    assert bootstrap.is_installed()
    changed = tmp_path / "requirements.lock"
    changed.write_text(LOCK.read_text() + "\n")
    monkeypatch.setattr(bootstrap, "LOCK", changed)
    assert not bootstrap.is_installed()


def test_the_bootstrap_needs_nothing_but_python():
    code = "import sys; sys.path.insert(0, '.'); import procure.bootstrap; print('ready')"
    bare = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert bare.stdout == "ready\n", bare.stderr


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ensurepip is not available", "apt-get install -y python3-venv"),
        ("no space left on device", "Python could not make .venv:\nno space left on device"),
    ],
)
def test_a_python_that_makes_no_environment_is_told_about_in_words(
    tmp_path, monkeypatch, said, sentence
):
    failed = subprocess.CompletedProcess([], 1, stdout=said, stderr="")
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: failed)
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    with pytest.raises(SystemExit, match=re.escape(sentence)):
        bootstrap.make_venv()
