import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.config import SampleConfig
from novelgpt.model.folder import Model
from novelgpt.writing.manner import Manner, as_learnt
from novelgpt.writing.writer import Writer

LEARNT = [
    ("", ""),
    ("话说", "话说"),
    ("　　话说。\n　　却说。", "话说。\n却说。"),
    ("话说。\n\n  却说。\n\n", "话说。\n却说。\n"),
    ("话说。\r\n　　", "话说。\n"),
    ("\n\n", ""),
    ("\ufeff话\u200b说", "话说"),
]


@pytest.mark.parametrize(("page", "learnt"), LEARNT)
def test_a_model_reads_what_ingest_would_have_made(page: str, learnt: str) -> None:
    assert as_learnt(page) == learnt


MANNERS = [
    ("", "\n", ""),
    ("话说", "\n", ""),
    ("　　话说", "\n　　", ""),
    ("　　话说。\n　　却说。", "\n　　", ""),
    ("话说。\n\n却说。\n\n且说", "\n\n", ""),
    ("　　话说。\n\n　　却说", "\n\n　　", ""),
    ("第一章\n　　话说。\n　　却说。\n", "\n　　", "　　"),
    ("第一章\n\n　　话说。\n　　却说。\n　　又说。\n　　", "\n　　", ""),
    ("话说。\n\n却说。\n", "\n\n", "\n"),
    ("话说。\n", "\n", ""),
]


@pytest.mark.parametrize(("page", "paragraph", "opening"), MANNERS)
def test_a_new_paragraph_begins_as_the_page_begins_them(page: str, paragraph: str, opening: str) -> None:
    manner = Manner.of(page)
    assert manner.paragraph == paragraph
    assert manner.opening() == opening


SENTENCE = st.text("雨下了三天。，“”", min_size=1, max_size=8)


@given(
    st.lists(SENTENCE, max_size=5),
    st.sampled_from(["\n", "\n\n", "\n　　", "\n\n　　"]),
    st.booleans(),
    st.lists(SENTENCE, min_size=1),
)
def test_what_was_written_reads_the_same_once_it_is_on_the_page(
    page: list[str], paragraph: str, begun: bool, written: list[str]
) -> None:
    text = paragraph.join(page) + (paragraph if begun and page else "")
    manner = Manner.of(text)
    raw = "\n".join(written)
    assert as_learnt(text + manner.opening() + manner.dress(raw)) == as_learnt(text) + raw


def test_a_writer_reads_as_models_learnt_and_writes_as_the_page_looks(model: Model) -> None:
    writer = Writer(model)
    page = "　　一个人。\n\n　　我们不在。\n"
    assert writer.read(page) == [4, *model.tokenizer.encode("一个人。\n我们不在。\n")]
    sample = SampleConfig(max_chars=60, seed=3, whole_sentences=False)
    plain = writer.write("一个人。\n我们不在。\n", sample).text
    dressed = writer.write(page, sample).text
    assert dressed == ("\n　　" + plain.replace("\n", "\n\n　　"))[:60]
