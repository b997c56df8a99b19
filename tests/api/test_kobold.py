"""What a Kobold front end says when it meets a server, replayed on a real one; the words are our own."""

import json
import re

import pytest

from novelgpt.api.kobold import remembered
from tests.tiny import TALE, tiny_tokenizer

PROMPT = "雨下了三天，河水漫过了石桥。"
FRAME = re.compile(r"^event: ([^\r\n]*)\ndata: ([^\r\n]*)(\r?\n){2}", re.MULTILINE)
"""How a front end cuts the stream: with CR LF after the first line it would find nothing."""


def asked(**fields):
    return {"prompt": PROMPT, "max_length": 8, "sampler_seed": 5, **fields}


def frames(text):
    assert FRAME.sub("", text) == ""
    return [json.loads(found[2]) for found in FRAME.finditer(text)]


def test_the_first_words_between_a_front_end_and_the_server(server):
    assert server.get("/api/v1/model")[1] == {"result": "koboldcpp/tiny"}
    assert server.get("/api/v1/info/version")[1] == {"result": "1.2.5"}
    assert server.get("/api/v1/config/max_context_length")[1] == {"value": 64}
    assert server.get("/api/v1/config/max_length")[1]["value"] > 0
    version = server.get("/api/extra/version")[1]
    assert version["result"] == "KoboldCpp"
    assert tuple(map(int, version["version"].split("."))) >= (1, 74)
    assert version["protected"] is False
    assert server.get("/api/extra/true_max_context_length")[1] == {"value": 64}
    assert server.get("/api/extra/preloadstory")[1] == {}
    assert "koboldai" in server.get("/.well-known/serviceinfo")[1]["api"]


@pytest.mark.parametrize("root", ["/api", "", "/api/api"])
def test_a_program_may_leave_out_the_prefix_or_double_it(server, root):
    for path in ("/v1/model", "/v1/info/version", "/extra/version", "/extra/perf"):
        assert server.get(root + path)[0] == 200
    assert server.post(root + "/v1/generate", asked())[1]["results"][0]["text"]
    assert server.post(root + "/extra/tokencount", {"prompt": PROMPT})[1]["value"] > 1
    assert frames(server.stream(root + "/extra/generate/stream", asked()))


def test_a_text_streamed_is_the_text_got_whole(server):
    whole = server.post("/api/v1/generate", asked(genkey="K1"))[1]["results"]
    assert [result.keys() for result in whole] == [{"text", "finish_reason"}]
    found = frames(server.stream("/api/extra/generate/stream", asked(genkey="K2")))
    assert "".join(frame["token"] for frame in found) == whole[0]["text"]
    assert [frame["finish_reason"] for frame in found][-1] == whole[0]["finish_reason"] == "length"
    assert all(frame["finish_reason"] is None for frame in found[:-1])
    for key in ("K1", "K2"):
        assert server.post("/api/extra/generate/check", {"genkey": key})[1]["results"] == [
            {"text": whole[0]["text"]}
        ]


def test_who_has_no_key_sees_nothing_of_others(server):
    server.post("/api/v1/generate", asked(genkey="MINE"))
    assert server.post("/api/extra/generate/check", {"genkey": "OTHER"})[1] == {"results": [{"text": ""}]}
    assert server.post("/api/extra/last_logprobs", {"genkey": "OTHER"})[1] == {"logprobs": None}
    assert server.post("/api/extra/abort", {"genkey": "OTHER"})[1] == {"success": True}


def test_a_text_in_the_making_can_be_looked_at_and_stopped(server):
    body = json.dumps(asked(max_length=100_000, genkey="LONG"))
    with server.asking("POST", "/api/extra/generate/stream", body) as answer:
        first = answer.readline() + answer.readline() + answer.readline()
        assert FRAME.match(first.decode())
        seen = server.post("/api/extra/generate/check", {"genkey": "LONG"})[1]["results"][0]["text"]
        assert seen.startswith(json.loads(first.decode().split("data: ")[1])["token"])
        assert server.post("/api/extra/abort", {"genkey": "LONG"})[1] == {"success": True}
        rest = frames(answer.read().decode())
    assert rest[-1]["finish_reason"] == "stop"
    assert server.get("/api/extra/perf")[1].items() >= {"queue": 0, "idle": 1}.items()


def test_the_probabilities_of_the_last_text_can_be_asked_for(server):
    server.post("/api/v1/generate", asked(genkey="P", logprobs=True))
    content = server.post("/api/extra/last_logprobs", {"genkey": "P"})[1]["logprobs"]["content"]
    assert len(content) == 8
    assert content[0].keys() == {"token", "logprob", "bytes", "top_logprobs"}
    assert len(content[0]["top_logprobs"]) == 5
    assert content[0]["top_logprobs"][0].keys() == {"token", "logprob", "bytes"}
    server.post("/api/v1/generate", asked(genkey="P"))
    assert server.post("/api/extra/last_logprobs", {"genkey": "P"})[1] == {"logprobs": None}


def test_tokens_begin_with_the_mark_of_a_beginning_and_come_back_as_text(server):
    counted = server.post("/api/extra/tokencount", {"prompt": PROMPT})[1]
    assert counted["value"] == len(counted["ids"])
    assert counted["ids"][0] == tiny_tokenizer().chapter_start_id
    back = server.post("/api/extra/detokenize", {"ids": counted["ids"][1:]})[1]
    assert back == {"result": PROMPT, "success": True}


def test_several_texts_can_be_asked_for(server):
    results = server.post("/api/v1/generate", asked(n=3))[1]["results"]
    assert len({result["text"] for result in results}) > 1
    assert len(results) == 3


def test_a_stop_is_cut_off_unless_it_is_wanted(server):
    whole = server.post("/api/v1/generate", asked(max_length=20))[1]["results"][0]["text"]
    stop = whole[5]
    expected = whole[: whole.index(stop)]
    fields = asked(max_length=20, stop_sequence=[stop])
    assert server.post("/api/v1/generate", fields)[1]["results"] == [
        {"text": expected, "finish_reason": "stop"}
    ]
    fields["trim_stop"] = False
    assert server.post("/api/v1/generate", fields)[1]["results"][0]["text"] == expected + stop
    found = frames(server.stream("/api/extra/generate/stream", fields))
    assert "".join(frame["token"] for frame in found) == expected + stop


@pytest.mark.parametrize(
    "fields",
    [
        {
            "max_length": 10,
            "max_context_length": 8192,
            "rep_pen": 1.05,
            "rep_pen_range": 360,
            "rep_pen_slope": 0.7,
        },
        {"sampler_order": [6, 0, 1, 3, 4, 2, 5], "tfs": 1, "top_a": 0, "typical": 1, "nsigma": 0},
        {"quiet": True, "use_default_badwordsids": True, "bypass_eos": False, "render_special": False},
        {"memory": "", "grammar": "", "banned_tokens": [], "logit_bias": {}, "dynatemp_range": 0},
        {"mirostat": 2, "mirostat_tau": 5, "mirostat_eta": 0.1, "presence_penalty": 0.1},
    ],
)
def test_what_front_ends_send_besides_is_taken(server, fields):
    status, answer = server.post("/api/v1/generate", {**asked(), **fields})
    assert status == 200, answer


def test_memory_stands_before_the_prompt(server):
    fields = asked(prompt="箱子里有声响。", memory=PROMPT)
    joined = asked(prompt=PROMPT + "箱子里有声响。")
    assert server.post("/api/v1/generate", fields) == server.post("/api/v1/generate", joined)
    assert server.post("/api/v1/generate", asked(prompt=TALE * 50, memory=PROMPT))[0] == 200


@pytest.mark.parametrize("room", [10, 30, 200, 10_000])
def test_a_long_prompt_loses_its_beginning_and_the_memory_stays(room):
    tokenizer = tiny_tokenizer()
    text = remembered(tokenizer, PROMPT, TALE, room)
    assert TALE.endswith(text[-3:])
    if room > 2 * len(tokenizer.encode(PROMPT)):
        assert text.startswith(PROMPT)
    assert len(tokenizer.encode(text)) <= max(room, 10) + 2
    if room == 10_000:
        assert text == PROMPT + TALE


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/generate", "[]", 400),
        ("/api/v1/generate", '{"prompt": 1}', 400),
        ("/api/v1/generate", '{"prompt": "", "temperature": "x"}', 400),
        ("/api/extra/detokenize", '{"ids": "x"}', 400),
        ("/api/extra/generate/stream", '{"prompt": "\\ud800"}', 400),
        ("/api/v1/nowhere", "{}", 404),
        ("/extra/nowhere", "{}", 404),
    ],
)
def test_a_refusal_has_the_shape_that_front_ends_read(server, path, body, status):
    found, _, answer = server.ask("POST", path, body)
    assert found == status
    assert json.loads(answer)["detail"].keys() == {"msg", "type"}
