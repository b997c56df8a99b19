"""Who may use the API, and what is counted of it."""

import json
import re
from contextlib import closing
from urllib.parse import quote

import pytest

from novelgpt.api import listen
from novelgpt.api.meter import Meter
from novelgpt.cli import main
from novelgpt.cli.serve import is_loopback
from tests.api.server import Server

KEY = "钥匙-1"
FRIEND = "http://localhost:8000"
ASKED = json.dumps({"prompt": "雨", "max_tokens": 2})
PATHS = ["/v1/models", "/api/v1/model", "/v1/model", "/extra/version", "/api/extra/perf", "/v1/nowhere"]


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("locked"), api_key=KEY, cors_origins=[FRIEND])
    yield server
    server.close()


def bearer(key):
    return key.encode().decode("latin-1")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", f"Bearer {KEY}x", f"Basic {KEY}", KEY])
def test_without_the_key_programs_get_nothing(locked, path, given):
    headers = {} if given is None else {"Authorization": bearer(given)}
    status, sent, body = locked.ask("GET", path, **headers)
    assert (status, sent["www-authenticate"]) == (401, "Bearer")
    answer = json.loads(body)
    if "error" in answer:
        assert answer["error"]["code"] == "invalid_api_key"


def test_with_the_key_programs_are_let_in(locked):
    for path in PATHS[:-1]:
        assert locked.ask("GET", path, Authorization=bearer(f"Bearer {KEY}"))[0] == 200


def test_the_page_asks_for_no_key(locked):
    for path in ("/", "/health", "/ready", "/metrics", "/config"):
        assert locked.ask("GET", path)[0] == 200


def test_the_official_client_hears_that_its_key_is_wrong(locked):
    openai = pytest.importorskip("openai")
    with (
        openai.OpenAI(base_url=locked.address + "/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


def test_a_page_that_was_allowed_by_name_may_call_the_api_and_nothing_else(locked):
    headers = {"Origin": FRIEND, "Sec_Fetch_Site": "cross-site"}
    asking = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
    status, sent, _ = locked.ask("OPTIONS", "/v1/completions", **headers, **asking)
    assert status == 204
    assert sent["access-control-allow-origin"] == FRIEND
    assert "authorization" in sent["access-control-allow-headers"]
    key = bearer(f"Bearer {KEY}")
    status, sent, _ = locked.ask("POST", "/v1/completions", ASKED, Authorization=key, **headers)
    assert (status, sent["access-control-allow-origin"]) == (200, FRIEND)
    status, sent, _ = locked.ask("POST", "/gradio_api/queue/join", "{}", **headers)
    assert status == 403
    assert "access-control-allow-origin" not in sent


@pytest.mark.parametrize("origin", ["https://evil.example", FRIEND + "0", "null", "http://LOCALHOST:8000"])
def test_other_pages_may_not(locked, origin):
    status, sent, body = locked.ask("POST", "/v1/completions", ASKED, Origin=origin)
    assert status == 403
    assert "error" in json.loads(body)
    assert "access-control-allow-origin" not in sent
    assert locked.ask("OPTIONS", "/v1/completions", Origin=origin)[0] != 204


@pytest.mark.parametrize("path", ["/v1/completions", "/api/v1/generate"])
@pytest.mark.parametrize("headers", [{"Origin": FRIEND}, {"Sec_Fetch_Site": "cross-site"}])
def test_no_page_may_call_the_api_unless_it_was_named(server, path, headers):
    assert server.ask("POST", path, ASKED, **headers)[0] == 403


def test_a_foreign_host_name_gets_no_api_either(server):
    assert server.ask("GET", "/v1/models", host="evil.example")[0] == 400


def test_a_body_that_is_too_large_is_refused_in_the_callers_shape(server):
    status, _, body = server.ask("POST", "/v1/completions", b" " * 8_000_001)
    assert (status, json.loads(body)["error"]["type"]) == (413, "invalid_request_error")


LINE = re.compile(r'^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\n]*",?)+\})? [0-9.e+-]+)$')


def test_what_happened_is_counted_and_nothing_of_a_text_or_an_address_is_told(server):
    before = server.studio.tokens_written
    server.ask("POST", "/v1/completions", ASKED)
    server.ask("GET", "/v1/" + quote("秘密"), host="evil.example")
    status, headers, text = server.ask("GET", "/metrics")
    assert (status, headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert text.endswith("\n")
    assert all(LINE.match(line) for line in text.splitlines())
    assert 'novelgpt_requests_total{route="/v1/completions",status="200"}' in text
    assert 'novelgpt_requests_total{route="openai",status="400"}' in text
    assert f"novelgpt_tokens_written_total {before + 2}\n" in text
    assert "novelgpt_waiting 0\nnovelgpt_writing 0" in re.sub("# .*\n", "", text)


def test_the_buckets_of_a_histogram_add_up():
    meter = Meter(["/a"])
    for seconds in (0.01, 0.05, 0.1, 4.0, 999.0):
        meter.count("/a", 200, seconds)
    meter.count("/a/secret", 404, 0.0)

    class Studio:
        tokens_written = 0

        class turns:
            waiting = writing = 0

    text = meter.text(Studio)
    found = re.findall(r'_bucket\{route="/a",le="(.*?)"\} (\d+)', text)
    assert dict(found) == {
        "0.05": "2", "0.2": "3", "1.0": "3", "5.0": "4", "20.0": "4", "60.0": "4", "300.0": "4", "+Inf": "5"
    }  # fmt: skip
    assert 'novelgpt_request_seconds_count{route="/a"} 5' in text
    assert "secret" not in text


def test_who_lets_others_in_is_told_what_that_means(tmp_path, capsys):
    with closing(listen("0.0.0.0", 0)) as taken:
        arguments = ["serve", "--lang", "en", "--host", "0.0.0.0", "--port", str(taken.getsockname()[1])]
        assert main([*arguments, "--workspace", str(tmp_path)]) == 1
        assert "--auth" in capsys.readouterr().err  # without a password not at all
        assert main([*arguments, "--workspace", str(tmp_path), "--auth", "a:"]) == 1
        assert "USER:PASSWORD" in capsys.readouterr().err
        assert main([*arguments, "--workspace", str(tmp_path), "--auth", "a:b"]) == 1
        said = capsys.readouterr().err
        assert "knows the password" in said


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("a.b", False),
    ],
)
def test_addresses_that_others_can_reach_are_known(host, alone):
    assert is_loopback(host) == alone
