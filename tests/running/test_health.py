"""`/healthz` asks nobody; `/readyz` says which part is missing."""

import socket

import pytest
from django.db import connection

from procure import health, heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker_without_signs():
    with heartbeat.client() as broker:
        broker.delete(*heartbeat.keys("worker"), *heartbeat.keys("beat"))
    return broker


@pytest.fixture
def no_broker(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")


def test_everything_there_is_ready(client, broker_without_signs):
    heartbeat.give("worker")
    response = client.get("/readyz")
    assert response.json() == {
        "database": "ok",
        "migrations": "ok",
        "broker": "ok",
        "worker": "ok",
    }
    assert response.status_code == 200


def test_a_silent_worker_is_named(client, broker_without_signs):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["worker"] == "silent"


def test_a_broker_that_is_down_is_named_and_the_page_still_answers(client, no_broker):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "database": "ok",
        "migrations": "ok",
        "broker": "down",
        "worker": "unknown",
    }
    assert client.get("/healthz").status_code == 200


def test_a_missing_migration_is_counted(client, broker_without_signs, monkeypatch):
    heartbeat.give("worker")
    later = {("procure", "0099_later"), ("matching", "0100_later")}
    known = health.known_migrations() | later
    monkeypatch.setattr(health, "known_migrations", lambda: known)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["migrations"] == "2 pending"


@pytest.fixture
def database_down(transactional_db, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    connection.close()
    yield
    monkeypatch.undo()
    connection.close()


def test_a_database_that_is_down_is_named_and_the_process_is_still_alive(client, database_down):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "down"
    assert response.json()["migrations"] == "unknown"
    assert client.get("/healthz").content == b"ok\n"


def test_healthz_asks_the_database_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_health_is_only_read(client, address):
    assert client.post(address).status_code == 405


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_health_check_of_a_host_sees_only_its_own_process(
    broker_without_signs, name, monkeypatch
):
    assert heartbeat.defect(name) == f"No sign of life: {name}."
    monkeypatch.setattr(heartbeat.socket, "gethostname", lambda: "another")
    heartbeat.give(name)
    assert heartbeat.defect(name) is None
    monkeypatch.setattr(heartbeat.socket, "gethostname", lambda: "this")
    assert heartbeat.defect(name) == f"No sign of life: {name}."


def test_the_health_check_of_a_dead_web_says_so(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PORT", str(closed.getsockname()[1]))
        assert "does not answer" in heartbeat.defect("web")
