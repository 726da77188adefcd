"""The suite itself runs as the application, not as somebody who sees everything."""

import threading

import pytest
from django.db import connection
from django.db.utils import ProgrammingError

ROLE = "SELECT current_user, session_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


@pytest.mark.django_db
def test_the_suite_runs_as_the_application_role_which_policies_bind():
    assert ask(ROLE) == ("app_rw", "app_rw", False, False)


@pytest.mark.django_db(transaction=True)
def test_other_threads_of_a_test_run_as_the_application_role_too():
    answers = []

    def connect_again():
        answers.append(ask(ROLE))
        connection.close()

    thread = threading.Thread(target=connect_again)
    thread.start()
    thread.join()
    assert answers == [("app_rw", "app_rw", False, False)]


@pytest.mark.django_db(transaction=True)
def test_after_a_transactional_test_the_role_is_the_application_again():
    assert ask(ROLE) == ("app_rw", "app_rw", False, False)


@pytest.mark.django_db
def test_the_application_role_cannot_truncate_a_table():
    with pytest.raises(ProgrammingError, match="permission denied"):
        ask("TRUNCATE django_session")


@pytest.mark.django_db
def test_the_extensions_that_the_schema_needs_are_there():
    assert ask("SELECT count(*) FROM pg_extension WHERE extname IN ('btree_gist', 'pg_trgm')") == (
        2,
    )
