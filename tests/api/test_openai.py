"""What writing programs say when they meet an OpenAI-compatible server, replayed on a real one; the words are our own."""

import json
from functools import partial

import pytest

from novelgpt.api.chat import errand_answer, messages_from, text_of
from novelgpt.api.openai import prompts_from
from novelgpt.api.refusals import Refusal

PROMPT = "雨下了三天，河水漫过了石桥。"
COMPLETE, CHAT = "/v1/completions", "/v1/chat/completions"


def events(text):
    """Return the JSON of every event; each must end with a blank line, and the last be the end."""
    assert text.endswith("\n\n")
    frames = text.removesuffix("\n\n").split("\n\n")
    assert all(frame.startswith("data: ") and "\n" not in frame for frame in frames)
    assert frames.pop() == "data: [DONE]"
    return [json.loads(frame.removeprefix("data: ")) for frame in frames]


def texts(chunks, count=1):
    found = [""] * count
    for chunk in chunks:
        for choice in chunk["choices"]:
            found[choice["index"]] += choice.get("text") or choice.get("delta", {}).get("content") or ""
    return found


def asked(**fields):
    return {"prompt": PROMPT, "max_tokens": 8, "seed": 5, **fields}


def test_the_models_are_listed_the_default_first(server):
    status, answer = server.get("/v1/models")
    assert (status, answer["object"]) == (200, "list")
    assert answer["data"][0].items() >= {"id": "tiny", "object": "model", "owned_by": "novelgpt"}.items()
    assert server.get("/v1/models/tiny") == (200, answer["data"][0])
    assert server.get("/v1/models/none")[1]["error"]["code"] == "model_not_found"


def test_a_completion_has_a_text_a_reason_and_its_usage(server):
    status, answer = server.post(COMPLETE, asked())
    assert status == 200
    (choice,) = answer["choices"]
    assert choice["text"]
    assert choice.items() >= {"index": 0, "finish_reason": "length", "logprobs": None}.items()
    assert (answer["object"], answer["model"]) == ("text_completion", "tiny")
    usage = answer["usage"]
    assert usage["completion_tokens"] == 8
    assert usage["total_tokens"] == usage["prompt_tokens"] + 8


def test_the_same_seed_gives_the_same_text_whole_and_streamed(server):
    whole = server.post(COMPLETE, asked())[1]["choices"][0]["text"]
    chunks = events(server.stream(COMPLETE, asked(stream=True)))
    assert texts(chunks) == [whole]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks][-1] == "length"
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks[:-1])
    assert all("usage" not in chunk for chunk in chunks)


def test_usage_comes_last_in_a_stream_that_asks_for_it(server):
    *chunks, last = events(
        server.stream(COMPLETE, asked(stream=True, stream_options={"include_usage": True}))
    )
    assert all(chunk["usage"] is None for chunk in chunks)
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == 8


@pytest.mark.parametrize("stream", [False, True])
def test_several_prompts_and_candidates_are_told_apart_by_index(server, stream):
    fields = asked(prompt=[PROMPT, "“今晚还过河吗？”"], n=2, stream=stream)
    if stream:
        found = texts(events(server.stream(COMPLETE, fields)), 4)
    else:
        choices = server.post(COMPLETE, fields)[1]["choices"]
        assert [choice["index"] for choice in choices] == [0, 1, 2, 3]
        found = [choice["text"] for choice in choices]
    assert all(found)
    assert len(set(found)) > 1


def test_token_ids_are_a_prompt_too(server):
    ids = server.post("/v1/internal/encode", {"text": PROMPT})[1]["tokens"]
    for prompt in (ids, [ids, ids]):
        status, answer = server.post(COMPLETE, asked(prompt=prompt))
        assert status == 200
        assert len(answer["choices"]) == (2 if prompt != ids else 1)
    assert answer["usage"]["prompt_tokens"] == 2 * len(ids)


@pytest.mark.parametrize(("logprobs", "best"), [(0, 0), (1, 1), (5, 5), (20, 20), (99, 20), (True, 1)])
def test_probabilities_come_for_every_token(server, logprobs, best):
    answer = server.post(COMPLETE, asked(logprobs=logprobs))[1]
    found = answer["choices"][0]["logprobs"]
    lists = [found[name] for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset", "content")]
    assert {len(each) for each in lists} == {8}
    assert all(logprob <= 0 for logprob in found["token_logprobs"])
    assert all(len(each) <= best for each in found["top_logprobs"])
    assert all(len(each["top_logprobs"]) == best for each in found["content"])
    assert found["text_offset"][0] == 0
    text = b"".join(bytes(each["bytes"]) for each in found["content"]).decode(errors="replace")
    assert text.startswith(answer["choices"][0]["text"][:1])


def test_the_probabilities_of_a_stream_join_to_those_of_the_whole(server):
    whole = server.post(COMPLETE, asked(logprobs=3))[1]["choices"][0]["logprobs"]
    chunks = events(server.stream(COMPLETE, asked(logprobs=3, stream=True)))
    found = [chunk["choices"][0]["logprobs"] for chunk in chunks if chunk["choices"][0]["logprobs"]]
    for name in ("tokens", "text_offset"):
        assert [one for each in found for one in each[name]] == whole[name]


@pytest.mark.parametrize("stream", [False, True])
def test_echo_puts_the_prompt_before(server, stream):
    if stream:
        (text,) = texts(events(server.stream(COMPLETE, asked(echo=True, stream=True))))
    else:
        text = server.post(COMPLETE, asked(echo=True))[1]["choices"][0]["text"]
    assert text.startswith(PROMPT)
    assert len(text) > len(PROMPT)


def test_no_tokens_asked_for_is_no_tokens_written(server):
    answer = server.post(COMPLETE, asked(max_tokens=0, echo=True))[1]
    assert answer["choices"][0]["text"] == PROMPT
    assert answer["usage"]["completion_tokens"] == 0


def test_a_stop_ends_the_text_and_is_not_part_of_it(server):
    whole = server.post(COMPLETE, asked(max_tokens=20))[1]["choices"][0]["text"]
    stop = whole[5]
    for fields in ({"stop": stop}, {"stop": [stop]}, {"stopping_strings": [stop]}):
        (choice,) = server.post(COMPLETE, asked(max_tokens=20, **fields))[1]["choices"]
        assert (choice["text"], choice["finish_reason"]) == (whole[: whole.index(stop)], "stop")


def test_a_bias_makes_a_token_certain(server):
    token = server.post("/v1/internal/encode", {"text": "雨"})[1]["tokens"][0]
    fields = asked(logit_bias={str(token): 100}, repetition_penalty=1, logprobs=0, temperature=1)
    answer = server.post(COMPLETE, fields)[1]
    assert set(answer["choices"][0]["logprobs"]["tokens"]) == {"雨"}


def test_a_prompt_longer_than_the_window_is_cut_not_refused(server):
    status, answer = server.post(COMPLETE, asked(prompt=PROMPT * 1000))
    assert status == 200
    assert answer["usage"]["prompt_tokens"] == 64


SILLY = {
    **asked(),
    "model": "tiny",
    "stream": False,
    "max_new_tokens": 8,
    "n": 1,
    "temperature": 0.7,
    "top_p": 0.5,
    "typical_p": 1,
    "typical": 1,
    "sampler_seed": -1,
    "min_p": 0,
    "repetition_penalty": 1.2,
    "rep_pen": 1.2,
    "repeat_penalty": 1.2,
    "repetition_penalty_range": 0,
    "rep_pen_range": 0,
    "repeat_last_n": 0,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "top_k": 40,
    "skew": 0,
    "min_tokens": 0,
    "min_length": 0,
    "num_beams": 1,
    "length_penalty": 1,
    "early_stopping": False,
    "add_bos_token": True,
    "smoothing_factor": 0,
    "smoothing_curve": 1,
    "dry_allowed_length": 2,
    "dry_multiplier": 0,
    "dry_base": 1.75,
    "dry_sequence_breakers": '["\\n", ":"]',
    "dry_penalty_last_n": 0,
    "max_tokens_second": 0,
    "stopping_strings": ["\n旅人："],
    "stop": ["\n旅人："],
    "truncation_length": 2048,
    "num_ctx": 2048,
    "ban_eos_token": False,
    "ignore_eos": False,
    "skip_special_tokens": True,
    "top_a": 0,
    "tfs": 1,
    "tfs_z": 1,
    "mirostat_mode": 0,
    "mirostat": 0,
    "mirostat_tau": 5,
    "mirostat_eta": 0.1,
    "custom_token_bans": "",
    "banned_strings": [],
    "sampler_order": [6, 0, 1, 3, 4, 2, 5],
    "samplers": ["top_k"],
    "xtc_threshold": 0.1,
    "xtc_probability": 0,
    "nsigma": 0,
    "grammar": "",
    "grammar_string": "",
    "json_schema": {},
    "guidance_scale": 1,
    "negative_prompt": "",
    "speculative_ngram": False,
    "dynatemp_low": 1,
    "dynatemp_high": 1,
    "dynatemp_range": 0,
    "dynatemp_exponent": 1,
    "temperature_last": True,
    "do_sample": True,
    "logit_bias": [],
    "cache_prompt": True,
    "trim_stop": True,
    "legacy_api": False,
    "api_server": "http://127.0.0.1/",
}


def test_sixty_fields_at_once_are_no_reason_to_refuse(server):
    assert len(SILLY) > 60
    assert server.get("/v1/models")[1]["data"][0]["id"] == "tiny"
    status, answer = server.post(COMPLETE, SILLY)
    assert status == 200
    assert answer["choices"][0]["text"]
    assert server.post("/v1/internal/token-count", {"text": PROMPT})[1]["length"] > 0


def test_a_notebook_asks_for_ids_a_stream_with_ten_probabilities_and_a_stop(server):
    ids = server.post("/v1/internal/encode", {"text": PROMPT})[1]
    assert ids["length"] == len(ids["tokens"])
    assert server.post("/v1/internal/decode", {"tokens": ids["tokens"]})[1] == {"text": PROMPT}
    assert server.post("/v1/internal/token-count", {"text": PROMPT})[1] == {"length": ids["length"]}
    assert server.get("/v1/internal/model/info")[1] == {"model_name": "tiny", "lora_names": []}
    chunks = events(server.stream(COMPLETE, asked(stream=True, logprobs=10, n_predict=8)))
    assert len(chunks[0]["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) == 10
    assert server.post("/v1/internal/stop-generation", {}) == (200, "OK")
    chances = server.post("/v1/internal/logits", {"prompt": PROMPT, "top_logits": 7})[1]["logits"]
    assert len(chances) == 7
    assert list(chances.values()) == sorted(chances.values(), reverse=True)
    assert 0 < sum(chances.values()) < 1


def test_a_chat_continues_what_the_user_wrote(server):
    said = {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": 8, "seed": 5}
    answer = server.post(CHAT, said)[1]
    (choice,) = answer["choices"]
    assert answer["object"] == "chat.completion"
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"] == server.post(COMPLETE, asked())[1]["choices"][0]["text"]
    chunks = events(server.stream(CHAT, {**said, "stream": True, "stream_options": {"include_usage": True}}))
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert texts(chunks) == [choice["message"]["content"]]
    assert chunks[-2]["choices"][0]["finish_reason"] == "length"
    assert chunks[-1]["usage"]["completion_tokens"] == 8


def test_a_chat_reports_probabilities_when_asked(server):
    said = {
        "messages": [{"role": "user", "content": PROMPT}],
        "max_tokens": 3,
        "logprobs": True,
        "top_logprobs": 2,
    }
    content = server.post(CHAT, said)[1]["choices"][0]["logprobs"]["content"]
    assert [len(each["top_logprobs"]) for each in content] == [2, 2, 2]


def test_messages_are_one_text_and_an_answer_goes_on_where_the_words_before_it_ended():
    said = [
        {"role": "system", "content": "古风。"},
        {"role": "user", "content": [{"type": "text", "text": "雨下了"}, {"type": "image_url"}]},
        {"role": "assistant", "content": "三天。"},
        {"role": "user", "content": "少年问道："},
        {"role": "assistant", "content": None},
    ]
    assert text_of(messages_from(said)) == "古风。\n雨下了三天。\n少年问道："


def test_an_errand_is_answered_in_a_word_without_the_model(server):
    task = (
        "### Task:\nFind a short title.\n<chat_history>\nUSER: 雨下了三天，河水漫过了石桥。\n</chat_history>"
    )
    said = {"messages": [{"role": "user", "content": task}]}
    before = server.studio.tokens_written
    answer = server.post(CHAT, said)[1]["choices"][0]["message"]["content"]
    assert json.loads(answer) == {"title": "雨下了三天，河水漫过了石"}
    assert texts(events(server.stream(CHAT, {**said, "stream": True}))) == [answer]
    assert errand_answer("### Task: list tags") == "{}"
    assert server.studio.tokens_written == before


@pytest.mark.parametrize(
    ("path", "body", "status", "facts"),
    [
        (COMPLETE, "{", 400, {"type": "invalid_request_error"}),
        (COMPLETE, "[]", 400, {}),
        (COMPLETE, "[" * 100_000, 400, {}),
        (COMPLETE, '{"prompt": {"a": 1}}', 400, {"param": "prompt"}),
        (COMPLETE, '{"prompt": [1, "a"]}', 400, {"param": "prompt"}),
        (COMPLETE, '{"prompt": [100000]}', 400, {"param": "prompt"}),
        (COMPLETE, '{"prompt": "\\ud800"}', 400, {}),
        (COMPLETE, '{"prompt": "\\ud800", "stream": true}', 400, {}),
        (COMPLETE, '{"temperature": "warm"}', 400, {"param": "temperature"}),
        (COMPLETE, '{"prompt": ["a", "a", "a", "a", "a"], "n": 16}', 400, {"param": "n"}),
        (COMPLETE, '{"model": "../../etc"}', 404, {"code": "model_not_found", "param": "model"}),
        (COMPLETE, '{"model": ["tiny"]}', 404, {"code": "model_not_found"}),
        (CHAT, "{}", 400, {"param": "messages"}),
        (CHAT, '{"messages": [1]}', 400, {"param": "messages"}),
        (CHAT, '{"messages": [{"content": 1}]}', 400, {"param": "messages"}),
        ("/v1/internal/decode", '{"tokens": [-1]}', 400, {"param": "tokens"}),
        ("/v1/internal/encode", '{"text": 1}', 400, {"param": "text"}),
        ("/v1/nowhere", "{}", 404, {"code": "unknown_url"}),
    ],
)
def test_a_refusal_has_the_shape_that_programs_read(server, path, body, status, facts):
    found, _, answer = server.ask("POST", path, body)
    error = json.loads(answer)["error"]
    assert (found, error.keys()) == (status, {"message", "type", "param", "code"})
    assert error.items() >= facts.items()
    assert error["message"]


def test_only_models_that_the_studio_lists_can_be_named(server):
    folder = str(server.studio.models()[0].folder)
    assert server.post(COMPLETE, asked(model=folder))[0] == 404


def test_an_empty_page_will_do():
    assert prompts_from(None, 10) == prompts_from([], 10) == prompts_from("", 10) == [""]
    with pytest.raises(Refusal):
        prompts_from([True], 10)


def test_the_official_client_is_content(server):
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=server.address + "/v1", api_key="any", max_retries=0) as client:
        assert client.models.list().data[0].id == "tiny"
        ask = partial(client.completions.create, model="tiny", prompt=PROMPT, max_tokens=12, seed=5)
        whole = ask(n=2, logprobs=5)
        assert [choice.index for choice in whole.choices] == [0, 1]
        assert len(whole.choices[0].logprobs.top_logprobs[0]) <= 5
        stopped = ask(stop=whole.choices[0].text[3])
        assert stopped.choices[0].finish_reason == "stop"
        streamed = [""] * 2
        for chunk in ask(n=2, stream=True):
            streamed[chunk.choices[0].index] += chunk.choices[0].text
        assert streamed == [choice.text for choice in whole.choices]
        messages = [{"role": "user", "content": PROMPT}]
        said = client.chat.completions.create(model="tiny", messages=messages, max_tokens=12, seed=5)
        assert said.choices[0].message.content == whole.choices[0].text
        with pytest.raises(openai.NotFoundError):
            ask(model="none")


def test_echo_with_probabilities_tells_those_of_the_prompt_too(server):
    fields = asked(echo=True, logprobs=2, max_tokens=3)
    choice = server.post(COMPLETE, fields)[1]["choices"][0]
    told = choice["logprobs"]
    assert told["text_offset"][0] == 0
    assert "".join(told["tokens"]).startswith(PROMPT)
    assert len(told["tokens"]) == len(told["token_logprobs"])
    assert all(value <= 0 for value in told["token_logprobs"])
    alone = server.post(COMPLETE, {**fields, "max_tokens": 0})[1]["choices"][0]
    assert alone["logprobs"]["tokens"] == told["tokens"][: len(alone["logprobs"]["tokens"])]
    assert alone["text"] == fields["prompt"]
