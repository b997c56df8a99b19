"""What is missing and what comes twice."""

import pytest

from novelgpt.text.headings.numbering import numbering
from novelgpt.text.split import split_chapters
from tests.text.samples import novel


@pytest.mark.parametrize(
    ("headings", "missing", "duplicate"),
    [
        (("第一章", "第二章"), (), ()),
        (("第三章", "第五章"), (4,), ()),
        (("第一卷", "第一章", "第二章", "第二卷", "第一章", "第二章"), (), ()),
        (("第一章", "第二章", "第一章", "第二章"), (), ()),
        (("第一章", "第一章", "第二章"), (), (1,)),
        (("第一章", "第20010章", "第二章"), (), ()),
    ],
)
def test_numbering_starts_afresh_in_a_volume(headings, missing, duplicate):
    assert numbering(split_chapters(novel(*headings))) == (missing, duplicate)
