"""The image and the compose file: every command, variable and health check exists and works here.

No container engine is needed: what the containers would run is run on this machine, as their
environment says, against a Postgres of its own.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys

import psycopg
import pytest
import yaml

from procure.bootstrap import ROOT
from procure.local import (
    database_url,
    spawn_process,
    stop_server,
    tail,
    valkey_binary,
)
from tests.services import TEMPLATE, start_from_template, temporary_place

from .machine import answer, environment_without_services, free_port, wait_for

COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = [name for name, service in COMPOSE.items() if service.get("image") == "procure"]
LASTING = ["web", "worker", "beat"]
SECRETS = {
    "SECRET_KEY": "k" * 64,
    "ALLOWED_HOSTS": "procure.example",
    "POSTGRES_PASSWORD": "a",
    "APP_OWNER_PASSWORD": "o",
    "APP_RW_PASSWORD": "r",
}
BIN = os.path.dirname(sys.executable)

# One worker, so that there is one Postgres to migrate.
pytestmark = pytest.mark.xdist_group("servers")


def image_variables():
    """What ENV sets in the image's last stage."""
    joined = DOCKERFILE.replace("\\\n", " ")
    last = joined[joined.rindex("FROM ") :]
    return dict(
        part.split("=", 1)
        for line in re.findall(r"^ENV (.+)$", last, re.MULTILINE)
        for part in shlex.split(line)
    )


def filled(text, values):
    """A compose value with its ${NAME:?…} and ${NAME:-default} filled in."""

    def fill(match):
        name, default = match.group(1), match.group(3)
        return values.get(name, default if match.group(2) == ":-" else "")

    return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}", fill, str(text))


# --- Read ------------------------------------------------------------------------------------


def test_the_services_are_the_ones_a_server_needs():
    assert set(COMPOSE) == {"postgres", "redis", "migrate", "web", "worker", "beat"}
    assert set(OURS) == {"migrate", *LASTING}


@pytest.mark.parametrize("name", [name for name in COMPOSE if name != "migrate"])
def test_every_lasting_service_has_a_health_check(name):
    assert COMPOSE[name]["healthcheck"]["test"][0] == "CMD"
    assert COMPOSE[name]["restart"] == "unless-stopped"


def test_migrate_runs_once_after_postgres_and_before_everything_else():
    migrate = COMPOSE["migrate"]
    assert migrate["restart"] == "no"
    assert migrate["healthcheck"] == {"disable": True}
    assert migrate["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in LASTING:
        waits = COMPOSE[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["redis"] == {"condition": "service_healthy"}


def test_only_migrate_knows_the_owner_and_the_superuser():
    for name in LASTING:
        assert {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"} & set(
            COMPOSE[name]["environment"]
        ) == set()


def test_every_variable_is_one_that_somebody_reads():
    read = "".join(path.read_text() for path in ROOT.glob("procure/**/*.py"))
    read += "PATH PYTHONUNBUFFERED DJANGO_SETTINGS_MODULE"
    named = {name for service in OURS for name in COMPOSE[service]["environment"]}
    named |= set(image_variables())
    assert [name for name in sorted(named) if not re.search(rf"\b{name}\b", read)] == []


def test_every_secret_must_be_given_and_none_has_a_default():
    asked = re.findall(r"\$\{(\w+)(:\?[^}]+)?(:-[^}]*)?\}", COMPOSE_TEXT)
    with_default = {name for name, _, default in asked if default}
    demanded = {name for name, demand, _ in asked if demand}
    assert with_default == {"EMAIL_URL", "DEFAULT_FROM_EMAIL", "PRIVATE_SERVERS"}
    assert demanded == set(SECRETS)
    for name in SECRETS:
        assert name in COMPOSE_TEXT.split("x-procure")[0]  # the head of the file names it


def test_the_image_runs_as_a_person_without_rights():
    last = DOCKERFILE[DOCKERFILE.rindex("FROM ") :]
    user = re.findall(r"^USER (\w+)$", last, re.MULTILINE)
    assert user == ["procure"]
    assert re.search(r"useradd --uid 1\d{4} .*procure", last)
    assert last.index("USER procure") < last.index("CMD [")
    assert "--require-hashes" in DOCKERFILE


def test_the_image_brings_the_libraries_that_pdfs_need():
    from procure.system_packages import PDF_PACKAGES

    assert [package for package in PDF_PACKAGES if package not in DOCKERFILE] == []


def test_what_the_image_copies_exists():
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert [path for line in copied for path in line.split() if not (ROOT / path).exists()] == []


def test_the_image_holds_the_packages_it_runs_and_not_the_tests():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"tests", ".git", ".venv", ".local"} <= set(ignored)
    code = "import sys, procure.launcher; print([m for m in sys.modules if m.startswith(('tests', 'pytest'))])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert loaded.stdout == "[]\n", loaded.stderr


# --- Run -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    """A Postgres superuser and the compose file's own Redis command, as the engine starts them.

    The database has its tables already: `manage.py start` makes them from nothing in its test.
    """
    with contextlib.ExitStack() as running:
        place = running.enter_context(temporary_place())
        running.callback(stop_server, start_from_template(place), at_once=True)
        with psycopg.connect(place.admin_url, autocommit=True) as administrator:
            administrator.execute("DROP DATABASE procure")
            administrator.execute(f"ALTER DATABASE {TEMPLATE} RENAME TO procure")
        port = free_port()
        command = COMPOSE["redis"]["command"]
        assert command[0] == "valkey-server"
        redis = spawn_process(
            [
                str(valkey_binary(place)),
                *command[1:],
                "--port",
                str(port),
                "--dir",
                str(place.home),
            ],
            place.home / "redis.log",
            place.home,
            account=place.account,
        )
        running.callback(stop_server, redis, at_once=True)
        yield place, f"redis://127.0.0.1:{port}/0"


def environment_of(name, server, port):
    """A service's environment, with this machine's addresses for the network's."""
    place, redis_url = server
    variables = image_variables() | COMPOSE[name]["environment"]
    values = {variable: filled(value, SECRETS) for variable, value in variables.items()}
    for variable, role in [
        ("DATABASE_URL", "app_rw"),
        ("DATABASE_OWNER_URL", "app_owner"),
        ("DATABASE_ADMIN_URL", "postgres"),
    ]:
        if variable in values:
            assert values[variable].startswith(f"postgresql://{role}:")
            database = values[variable].rsplit("/", 1)[1]
            values[variable] = database_url(role, place.sockets, database)
    assert values["REDIS_URL"] == "redis://redis:6379/0"
    here = {
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "BIND": "127.0.0.1",
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "MEDIA_ROOT": str(place.home / "media"),
        "STATIC_ROOT": str(place.home / "static"),
    }
    return environment_without_services() | values | here


@pytest.fixture(scope="module")
def migrated(server):
    """The one-shot, and the static files that the image's build collects."""
    environment = environment_of("migrate", server, free_port())
    collect = re.search(
        r"RUN SECRET_KEY\S+ ALLOWED_HOSTS\S+ (python .*)$", DOCKERFILE, re.MULTILINE
    )
    for command in (COMPOSE["migrate"]["command"], shlex.split(collect.group(1))):
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def run_service(server, migrated, tmp_path):
    """Run a service's command; end it afterwards as an engine would, with SIGTERM."""
    started = []

    def run(name):
        environment = environment_of(name, server, free_port())
        log = tmp_path / f"{name}.log"
        command = [part.replace("/tmp/", f"{tmp_path}/") for part in COMPOSE[name]["command"]]
        command[0] = f"{BIN}/{command[0]}"
        process = spawn_process(command, log, ROOT, environment=environment)
        started.append(process)
        return process, environment, log

    yield run
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def is_healthy(name, environment):
    """Run the service's own health check."""
    check = COMPOSE[name]["healthcheck"]["test"][1:]
    return (
        subprocess.run(
            check, cwd=ROOT, env=environment, capture_output=True, check=False
        ).returncode
        == 0
    )


@pytest.mark.parametrize("name", LASTING)
def test_the_service_starts_becomes_healthy_and_ends_at_sigterm(run_service, name, server):
    assert not is_healthy(name, environment_of(name, server, free_port()))
    process, environment, log = run_service(name)
    wait_for(lambda: is_healthy(name, environment) or process.poll() is not None, name)
    assert process.poll() is None, tail(log)
    if name == "web":
        address = f"http://127.0.0.1:{environment['PORT']}"
        host = {"Host": "procure.example", "X-Forwarded-Proto": "https"}
        status, page = answer(f"{address}/accounts/login/", host)
        assert status == 200
        assert re.search(r"/static/\S+\.[0-9a-f]{12}\.css", page)  # from the collected files
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0, tail(log)
