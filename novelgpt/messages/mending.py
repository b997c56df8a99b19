"""Catalogue page of chapters put right by hand, in the corpus and before an import: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "error.BookChanged": (
        "这本书在别处改过了，这一步没有做。现在显示的是最新的样子，请再选一次。",
        "The book was changed elsewhere, so this step was not taken. It is shown as it stands now; choose again.",
    ),
    "error.NothingToTakeBack": (
        "没有可以撤销的修改：这本书就是收进来时的样子。",
        "There is nothing to take back: the book stands as it was taken in.",
    ),
    "error.OwnStory": (
        "这本书是从自己的作品做的，在这里改了也会被下一次盖掉。请到“续写”里改正文，再让模型学一次。",
        "This book is made of a story of your own, and the next making would overwrite a change here. Change the text on the writing page and let the model learn it again.",
    ),
    "error.CorpusBusy": (
        "正在收书，现在不能改动语料。等收完了再按一次。",
        "Books are being taken in, and the corpus cannot be changed meanwhile. Press again when that is done.",
    ),
    "mending.chapter": ("章", "chapter"),
    "mending.line": ("行", "line"),
    "mending.not_first": (
        "第二章或更后的一章，它才有上一章可并",
        "the second chapter or a later one, which has one before it",
    ),
    "mending.not_last": (
        "至少留下一章；整本不要，就把书移出语料或不导入",
        "at least one chapter stays; to drop them all, remove the book or do not import it",
    ),
    "mending.a_line": ("1 到 {last} 行之间", "a line from 1 to {last}"),
    "mending.a_chapter": ("1 到 {last} 章之间", "a chapter from 1 to {last}"),
    "text.advice.mended_stays": (
        "这本书手工改过章节，原文没有变，所以保留改好的样子。要按新规则重新分章，请先把它移出语料。",
        "The chapters of this book were put right by hand and its source has not changed, so they stay. To have it cut anew, remove the book from the corpus first.",
    ),
    "text.advice.mended_aside": (
        "原文变了，章节已重新分过；手工改好的那一本挪到了 {path}，可以对照着再改。",
        "The source has changed and was cut anew; the book as it was put right by hand lies in {path}, to compare with.",
    ),
    "text.refused_and": ("{reason} {more}", "{reason} {more}"),
    "ui.bench.chapter": ("要改的章", "Chapter to put right"),
    "ui.bench.title": ("章名", "Heading"),
    "ui.bench.line": ("从哪一行分开", "Line to split at"),
    "ui.bench.rename": ("改章名", "Rename"),
    "ui.bench.split": ("从这一行分成两章", "Split at the line"),
    "ui.bench.merge": ("并入上一章", "Merge into the one before"),
    "ui.bench.leave_out": ("去掉这一章", "Leave it out"),
    "ui.bench.undo": ("撤销修改", "Undo"),
    "ui.bench.kind_front": ("卷首", "front"),
    "ui.bench.kind_volume": ("卷", "volume"),
    "ui.bench.kind_chapter": ("章", "chapter"),
    "ui.bench.kind_extra": ("番外", "extra"),
    "ui.bench.col_number": ("序", "No."),
    "ui.bench.col_kind": ("类", "Kind"),
    "ui.bench.col_heading": ("标题", "Heading"),
    "ui.bench.col_characters": ("字数", "Characters"),
    "ui.bench.col_begins": ("开头", "Begins"),
    "ui.bench.more": (
        "共 {total:,} 章，这里只列出前 {shown:,} 章。",
        "The first {shown:,} of {total:,} chapters are listed.",
    ),
    "ui.corpus.chapters_of": (
        "《{title}》 · {chapters:,} 章 · {characters:,} 字 · 手工改过 {steps} 处",
        "{title} · chapters: {chapters:,} · characters: {characters:,} · put right by hand: {steps}",
    ),
    "ui.corpus.put_right": (
        "改好了；训练和做词表都用改好的样子",
        "put right; training and the vocabulary go by it from now on",
    ),
    "ui.corpus.taken_back": ("撤销了一步", "one step taken back"),
}
