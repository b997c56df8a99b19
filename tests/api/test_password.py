"""A server that asks everybody for a name and a password."""

import base64

import pytest

from tests.api.server import Server

GOOD = "Basic " + base64.b64encode("林冲:山神庙".encode()).decode()


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("workspace"), auth="林冲:山神庙")
    yield server
    server.close()


@pytest.mark.parametrize("given", [None, "Basic", "Basic e30=", "Bearer " + GOOD.split()[1], GOOD[:-2]])
@pytest.mark.parametrize("path", ["/", "/config", "/metrics", "/v1/models", "/download/story/1/txt"])
def test_without_the_password_nobody_gets_in(locked, path, given):
    headers = {} if given is None else {"Authorization": given}
    status, answered, _ = locked.ask("GET", path, **headers)
    assert status == 401
    assert answered["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("path", ["/", "/metrics", "/v1/models"])
def test_with_it_everything_is_as_always(locked, path):
    assert locked.ask("GET", path, Authorization=GOOD)[0] == 200


def test_a_watching_program_may_ask_whether_it_lives(locked):
    assert locked.ask("GET", "/health")[0] == 200


def test_a_program_with_a_key_needs_no_password(tmp_path):
    server = Server(tmp_path, auth="a:b", api_key="secret")
    try:
        assert server.ask("GET", "/v1/models", Authorization="Bearer secret")[0] == 200
        assert server.ask("GET", "/v1/models", Authorization="Bearer other")[0] == 401
        assert server.ask("GET", "/", Authorization="Bearer secret")[0] == 401
    finally:
        server.close()
