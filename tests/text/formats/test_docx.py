"""Word documents: paragraphs, headings by style, what is no story."""

import pytest

from novelgpt.text.formats import archive
from tests.text.books import WORD, docx_of, headings, notes, paragraph, prose_paragraphs, read_one, reason_of
from tests.text.samples import SIMPLIFIED


@pytest.fixture
def path(tmp_path):
    return tmp_path / "夜路.docx"


def styles(*entries: str) -> dict[str, str]:
    return {"word/styles.xml": f"<w:styles {WORD}>{''.join(entries)}</w:styles>"}


def style(name: str, label: str, inside: str = "") -> str:
    return f'<w:style w:styleId="{name}"><w:name w:val="{label}"/>{inside}</w:style>'


def lines(path, *paragraphs: str) -> list[str]:
    path.write_bytes(docx_of(*paragraphs))
    return read_one(path).lines


def test_a_paragraph_is_a_line_and_a_heading_style_marks_it(path):
    path.write_bytes(
        docx_of(
            paragraph("第一章 灯", "1"),
            *prose_paragraphs(),
            paragraph("第二章 信", "Custom"),
            *prose_paragraphs(),
            paragraph("不是标题", "Deep"),
            extra=styles(
                style("1", "heading 1"),
                style("Base", "Base", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>'),
                style("Custom", "My title", '<w:basedOn w:val="Base"/>'),
                style("Deep", "heading 7"),
            ),
        )
    )
    manuscript = read_one(path)
    assert headings(manuscript) == ["第一章 灯", "第二章 信"]
    assert manuscript.lines[1:4] == list(SIMPLIFIED)
    assert (manuscript.title, manuscript.raw) == ("夜路", None)


@pytest.mark.parametrize(
    ("name", "is_heading"),
    [
        ("Heading1", True),
        ("heading 3", True),
        ("标题2", True),
        ("Heading4", False),
        ("Title", False),
        ("a5", False),
    ],
)
def test_without_a_list_of_styles_the_id_tells(path, name, is_heading):
    path.write_bytes(docx_of(paragraph("灯", name)))
    assert headings(read_one(path)) == (["灯"] if is_heading else [])


def test_a_paragraph_can_carry_its_own_outline_level(path):
    own = '<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>灯</w:t></w:r></w:p>'
    body = '<w:p><w:pPr><w:outlineLvl w:val="9"/></w:pPr><w:r><w:t>他</w:t></w:r></w:p>'
    path.write_bytes(docx_of(own, body))
    assert headings(read_one(path)) == ["灯"]


def test_styles_that_are_based_on_each_other_are_no_headings(path):
    ring = styles(
        style("A", "A", '<w:basedOn w:val="B"/>'),
        style("B", "B", '<w:basedOn w:val="A"/>'),
    )
    path.write_bytes(docx_of(paragraph("灯", "A"), extra=ring))
    assert headings(read_one(path)) == []


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ("<w:r><w:t>一</w:t></w:r><w:r><w:t>二</w:t></w:r>", ["一二"]),
        ("<w:r><w:t>一</w:t><w:br/><w:t>二</w:t></w:r>", ["一", "二"]),
        ("<w:r><w:t>一</w:t><w:tab/><w:t>二</w:t></w:r>", ["一\t二"]),
        ("<w:r><w:t>一&lt;二&#x3002;</w:t></w:r>", ["一<二。"]),
        ("<w:r><w:t>一</w:t></w:r><w:del><w:r><w:delText>二</w:delText></w:r></w:del>", ["一"]),
        ("<w:ins><w:r><w:t>一</w:t></w:r></w:ins><w:del><w:r><w:t>二</w:t></w:r></w:del>", ["一"]),
        ("<w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>一</w:t></w:r>", ["一"]),
        ("<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>一</w:t></w:r>", ["一"]),
        ("<w:r><w:t>一</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r>", ["一"]),
        ("<w:moveFrom><w:r><w:t>二</w:t></w:r></w:moveFrom><w:r><w:t>一</w:t></w:r>", ["一"]),
    ],
)
def test_what_is_in_a_paragraph(path, runs, expected):
    assert lines(path, f"<w:p>{runs}</w:p>", "<w:p/>") == expected


def test_a_text_box_is_told_once(path):
    box = (
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>框</w:t></w:r></w:p></w:txbxContent>"
        "</mc:Choice><mc:Fallback><w:p><w:r><w:t>框</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert lines(path, box, paragraph("一")) == ["框", "一"]


@pytest.mark.parametrize(
    ("title", "creator", "expected"),
    [("夜行", "无名", ("夜路", "无名")), ("", "Administrator", ("夜路", "")), ("", "微软用户", ("夜路", ""))],
)
def test_properties_speak_after_the_file_name(path, title, creator, expected):
    core = f"<cp:coreProperties><dc:title>{title}</dc:title><dc:creator>{creator}</dc:creator></cp:coreProperties>"
    path.write_bytes(docx_of(paragraph("灯"), extra={"docProps/core.xml": core}))
    assert (read_one(path).title, read_one(path).author) == expected


def test_the_main_document_is_where_the_package_says(path):
    relations = '<Relationships><Relationship Type="http://x/officeDocument" Target="/other/main.xml"/></Relationships>'
    main = f"<w:document {WORD}>{paragraph('真')}</w:document>"
    path.write_bytes(docx_of(paragraph("假"), extra={"_rels/.rels": relations, "other/main.xml": main}))
    assert read_one(path).lines == ["真"]


def test_entities_of_its_own_a_lock_and_damage_are_refused(path):
    path.write_bytes(docx_of(paragraph("&a;"), head='<!DOCTYPE w [<!ENTITY a "他">]>'))
    assert reason_of(path) == "text.book.entities"
    raw = docx_of(paragraph("灯"))
    path.write_bytes(raw[: len(raw) // 2])
    assert reason_of(path) == "text.epub.damaged"
    path.write_bytes(docx_of())
    assert reason_of(path) == "text.empty"


def test_a_document_that_unpacks_to_too_much_is_refused(path, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_FLOOR", 1000)
    path.write_bytes(docx_of(paragraph("他" * 3_000_000)))
    assert reason_of(path) == "text.epub.too_large"


def test_a_sound_document_has_no_notes(path):
    path.write_bytes(docx_of(*prose_paragraphs()))
    assert notes(read_one(path)) == []
