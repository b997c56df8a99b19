"""The door on a real socket, asked by hand."""

import json
import re
import socket
from contextlib import closing
from pathlib import Path

import pytest

from novelgpt.api import LARGEST_BODY, door, listen, serve_studio
from novelgpt.config import Workspace
from novelgpt.errors import AddressRefused, BadStories, PortBusy
from novelgpt.studio import open_studio
from tests.api.server import Server

JOIN = "/gradio_api/queue/join"


def test_health_says_the_server_lives(server):
    status, _, body = server.ask("GET", "/health")
    assert (status, json.loads(body)) == (200, {"status": "ok"})


def test_ready_says_that_the_library_opens_and_a_model_can_write(server):
    status, _, body = server.ask("GET", "/ready")
    ready = json.loads(body)
    assert (status, ready["ready"]) == (200, True)
    assert "tiny" in ready["models"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:{port}", "LOCALHOST", "[::1]:{port}", "novel.example"]
)
def test_this_machines_names_and_the_configured_one_are_let_in(server, host):
    assert server.ask("GET", "/health", host=host.format(port=server.port))[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example@127.0.0.1.evil.example",
        "0.0.0.0",
        "[::1",
        ":{port}",
        "10.0.0.1:{port}",
    ],
)
@pytest.mark.parametrize("path", ["/", "/health", "/config", "/gradio_api/queue/data"])
def test_a_foreign_host_name_gets_nowhere(server, host, path):
    status, _, body = server.ask("GET", path, host=host.format(port=server.port))
    assert status == 400
    assert "gradio" not in body


def test_a_request_without_or_with_two_host_names_gets_nowhere(server):
    for lines in (b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n"):
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=60)) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")
            assert connection.makefile("rb").readline().split()[1] == b"400"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_another_site_cannot_act_here(server, method, headers):
    status, _, body = server.ask(method, JOIN, body="{}", Content_Type="application/json", **headers)
    assert status == 403
    assert "别的网站" in json.loads(body)["detail"]


def test_our_own_page_and_programs_without_a_page_may_act(server):
    own = {"Origin": f"http://127.0.0.1:{server.port}", "Sec_Fetch_Site": "same-origin"}
    for headers in ({}, own):
        status, _, _ = server.ask("POST", JOIN, body="{}", Content_Type="application/json", **headers)
        assert status == 422  # it got to Gradio, which misses the fields


def test_another_site_may_not_read_the_answers(server):
    _, headers, _ = server.ask("GET", "/config", Origin="https://evil.example")
    assert "access-control-allow-origin" not in headers


def test_a_body_that_is_too_large_is_refused_whatever_length_it_claims(server):
    for body in (b" " * (LARGEST_BODY + 1), iter([b" " * 1_000_000] * (LARGEST_BODY // 1_000_000) + [b" "])):
        status, _, answer = server.ask("POST", JOIN, body=body, Content_Type="application/json")
        assert status == 413
        assert "8,000,000" in json.loads(answer)["detail"]


def test_a_body_of_the_largest_size_gets_through_whole(server):
    body = "{}".ljust(LARGEST_BODY)
    assert server.ask("POST", JOIN, body=body, Content_Type="application/json")[0] == 422


UPLOAD = "/gradio_api/upload"


def novel(size):
    """A form with one file in it, of so many bytes."""
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    return head + b"a" * size + b"\r\n--b--\r\n"


def bring_in(server, size, **headers):
    form = "multipart/form-data; boundary=b"
    return server.ask("POST", UPLOAD, body=novel(size), Content_Type=form, **headers)


def test_a_novel_may_be_larger_than_other_requests_and_comes_from_our_page_alone(server, monkeypatch):
    status, _, told = bring_in(server, LARGEST_BODY + 1)
    assert status == 200
    (path,) = json.loads(told)
    assert Path(path).stat().st_size == LARGEST_BODY + 1
    assert Path(path).is_relative_to(server.studio.workspace.root)
    for header in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        assert bring_in(server, 10, **header)[0] == 403
    monkeypatch.setattr(door, "LARGEST_UPLOAD", 1000)
    status, _, told = bring_in(server, 1000)
    assert status == 413
    assert "1,000" in json.loads(told)["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/upload"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=http://127.0.0.1/"),
        ("GET", "/file=/etc/passwd"),
        ("GET", "/gradio_api/proxy=https://huggingface.co"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/monitoring"),
        ("GET", "/gradio_api/monitoring/summary"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/deep_link"),
        ("POST", "/gradio_api/call/write"),
        ("POST", "/gradio_api/run/write"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/vibe-edit"),
    ],
)
def test_what_the_page_does_not_need_is_not_offered(server, method, path):
    assert server.ask(method, path, body=b"" if method == "POST" else None)[0] in (403, 404, 405)


@pytest.mark.parametrize(
    ("path", "host"), [("/", None), ("/health", None), ("/nowhere", None), ("/", "evil.example")]
)
def test_every_answer_carries_safe_headers(server, path, host):
    _, headers, _ = server.ask("GET", path, host=host)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accept", "locale"), [("", "zh-CN"), ("zh-HK", "zh-CN"), ("zh", "zh-CN"), ("en-US,en", "en")]
)
def test_the_page_is_served_in_the_visitors_language(server, accept, locale):
    status, headers, body = server.ask("GET", "/", Accept_Language=accept, Accept_Encoding="gzip, br")
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert f'{{value:"{locale}"}}' in body
    assert int(headers["content-length"]) == len(body.encode())


def test_the_page_loads_nothing_from_elsewhere(server):
    _, _, body = server.ask("GET", "/")
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"([^\"]+)\"", body)
    assert loaded
    assert not [address for address in loaded if "//" in address]
    assert "fonts.g" not in body


def test_a_refusal_speaks_the_visitors_language(server):
    assert "不接受" in server.ask("GET", "/", host="evil.example")[2]
    assert "not accepted" in server.ask("GET", "/", host="evil.example", Accept_Language="en")[2]


def test_a_port_in_use_and_an_address_that_is_not_ours_are_said(tmp_path):
    with closing(open_studio(Workspace(tmp_path))) as studio:
        with closing(listen("127.0.0.1", 0)) as taken, pytest.raises(PortBusy):
            serve_studio(studio, port=taken.getsockname()[1])
        for host, port in (("203.0.113.1", 7860), ("127.0.0.1", 70_000), ("no.such.host.invalid", 7860)):
            with pytest.raises(AddressRefused):
                serve_studio(studio, host=host, port=port)


def test_a_damaged_library_is_said_before_the_page_opens(tmp_path):
    (tmp_path / "stories.db").write_bytes(b"not a database" * 100)
    with closing(open_studio(Workspace(tmp_path))) as studio, pytest.raises(BadStories):
        serve_studio(studio, port=0, when_ready=lambda address: pytest.fail(address))


def test_without_a_working_library_the_server_is_not_ready(tmp_path):
    server = Server(tmp_path)
    try:
        server.studio.close()
        (tmp_path / "stories.db").write_bytes(b"not a database" * 100)
        status, _, body = server.ask("GET", "/ready")
        assert (status, json.loads(body)["ready"]) == (503, False)
        assert server.ask("GET", "/health")[0] == 200
    finally:
        server.close()
