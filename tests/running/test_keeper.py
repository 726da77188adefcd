"""The embedded Postgres lives as long as somebody needs it, and survives what machines do."""

import multiprocessing
import os
import shutil
import signal

import psycopg
import pytest

from procure import local
from procure.keeper import (
    is_kept,
    keeper_folder,
    server_in_use,
    stop_when_unused,
    wait_until_kept,
)
from procure.local import (
    LocalServiceError,
    database_url,
    find_place,
    is_postgres_of,
    refuse_other_version,
    remove_stale_pid_file,
    running_postgres,
)

from .machine import is_alive, wait_for

pytestmark = pytest.mark.xdist_group("servers")


@pytest.fixture
def state(tmp_path):
    """A `.local/` of its own, nothing of it left afterwards."""
    folder = tmp_path / ".local"
    yield folder
    if folder.exists():
        home = find_place(folder).home
        shutil.rmtree(folder)
        wait_for(lambda: running_postgres(home / "postgres") is None, "Postgres to end")
        shutil.rmtree(home, ignore_errors=True)


def ask(place, statement="SELECT 1"):
    with psycopg.connect(database_url("app_owner", place.sockets), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def use_until_killed(state, is_using):
    with server_in_use("postgres", state):
        wait_until_kept("postgres", state)
        is_using.set()
        signal.pause()


def test_postgres_stays_for_the_last_of_two_users_and_ends_after_it(state):
    with server_in_use("postgres", state) as place:
        wait_until_kept("postgres", state)
        with server_in_use("postgres", state):
            wait_until_kept("postgres", state)
        stop_when_unused(state)
        assert ask(place) == (1,)
    stop_when_unused(state)
    assert not is_kept(keeper_folder("postgres", state))
    assert running_postgres(place.home / "postgres") is None
    assert not (place.home / "postgres" / "postmaster.pid").exists()


def test_a_killed_user_leaves_nothing_locked(state):
    context = multiprocessing.get_context("spawn")
    is_using = context.Event()
    user = context.Process(target=use_until_killed, args=(state, is_using))
    user.start()
    assert is_using.wait(60)
    user.kill()
    user.join()
    stop_when_unused(state)
    assert not is_kept(keeper_folder("postgres", state))


def test_a_killed_keeper_takes_postgres_along_and_the_next_user_finds_its_rows(state):
    with server_in_use("postgres", state) as place:
        wait_until_kept("postgres", state)
        ask(place, "CREATE TABLE kept AS SELECT 7 AS number")
        postgres = running_postgres(place.home / "postgres")
        keeper = int((keeper_folder("postgres", state) / "ready").read_text())
        os.kill(keeper, signal.SIGKILL)
        wait_for(lambda: not is_alive(postgres), "Postgres to end with its keeper")
    with server_in_use("postgres", state) as place:
        wait_until_kept("postgres", state)
        assert ask(place, "SELECT number FROM kept") == (7,)


def test_deleting_the_folder_while_it_runs_ends_postgres_and_means_a_fresh_start(state):
    with server_in_use("postgres", state) as place:
        wait_until_kept("postgres", state)
        ask(place, "CREATE TABLE forgotten (number int)")
        postgres = running_postgres(place.home / "postgres")
        shutil.rmtree(state)
        wait_for(lambda: not is_alive(postgres), "Postgres to end with its folder")
    with server_in_use("postgres", state) as fresh:
        wait_until_kept("postgres", state)
        assert ask(fresh, "SELECT to_regclass('forgotten')") == (None,)


def test_a_pid_file_of_a_process_that_is_gone_is_removed(tmp_path):
    ended = multiprocessing.get_context("spawn").Process(target=int)
    ended.start()
    ended.join()
    (tmp_path / "postmaster.pid").write_text(f"{ended.pid}\n{tmp_path}\n")
    remove_stale_pid_file(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_a_pid_that_another_process_has_by_now_is_no_postgres_and_stays_alive(tmp_path):
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    remove_stale_pid_file(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()
    assert is_alive(os.getpid())


def test_an_older_postgres_that_survived_is_stopped_before_the_data_is_used(state):
    """The control of the two tests above: a live Postgres of this folder is recognised."""
    with server_in_use("postgres", state) as place:
        wait_until_kept("postgres", state)
        folder = place.home / "postgres"
        postgres = running_postgres(folder)
        assert is_postgres_of(postgres, folder)
        assert not is_postgres_of(postgres, folder.with_name("another"))
        remove_stale_pid_file(folder)
        assert not is_alive(postgres)


def test_data_of_another_version_is_refused_in_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "PG_VERSION").write_text("16\n")
    monkeypatch.setattr(local, "postgres_version", lambda folder: 18)
    with pytest.raises(LocalServiceError, match=r"written by Postgres 16, but this is Postgres 18"):
        refuse_other_version(tmp_path, tmp_path)


def test_the_pid_file_of_a_half_written_folder_is_no_running_postgres(tmp_path):
    (tmp_path / "postmaster.pid").write_text("")
    assert running_postgres(tmp_path) is None
