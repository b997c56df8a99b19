import pytest

from tests.api.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("workspace"))
    yield server
    server.close()
