"""The workshop of a workspace: books go in, trainings run, scores and models come out.

Law: everything slow happens in a process of its own or in the caller's thread, never at the desk; and nothing that a
person removes is erased.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from novelgpt.config import PIECES, Dial, Workspace
from novelgpt.messages import Lang
from novelgpt.model.known import find_model
from novelgpt.studio.corpus_desk import Book, CorpusDesk, Dropped, Intake
from novelgpt.studio.export_bench import FORMATS, ExportBench, ExportState
from novelgpt.studio.model_shelf import Comparison, ModelFacts, ModelShelf
from novelgpt.studio.run_watch import RunState
from novelgpt.studio.running import JobState
from novelgpt.studio.score_board import ScoreBoard, ScoreRow
from novelgpt.studio.training import Training, TrainingOrder

MINUTES_FOR_A_STORY = 10.0
CHAPTERS_SCORED = 20


class Workshop:
    """What the corpus, training, score and model pages do; may be used by several threads at once.

    `default_model` is the name of the model that writes where no other is asked for.
    """

    def __init__(self, workspace: Workspace, default_model: str | None = None) -> None:
        self.workspace, self._asked_model = workspace, default_model
        self._training = Training(workspace)
        self._corpus = CorpusDesk(workspace)
        self.chapters = self._corpus.chapters
        self._shelf = ModelShelf(workspace, self._training)
        self._board = ScoreBoard(workspace)
        self._exports = ExportBench(workspace)

    def ingest(
        self, files: Sequence[Path | Dropped], *, allow_loss: bool = False, lang: Lang = "zh"
    ) -> Iterator[Intake]:
        """Take files into the corpus; yield how far it is, and at last the whole."""
        yield from self._corpus.ingest(files, allow_loss=allow_loss, lang=lang)

    def books(self) -> list[Book]:
        """Return every book of the corpus, one's own stories among them."""
        return self._corpus.books()

    def book_paths(self, ids: Sequence[str]) -> tuple[Path, ...]:
        """Return the chapter files of books by their ids."""
        return self._corpus.paths(ids)

    def remove_book(self, book: str) -> Path:
        """Move a book out of the corpus and return where it lies now."""
        return self._corpus.remove_book(book)

    def build_vocab(self, size: int = PIECES, lang: Lang = "zh") -> None:
        """Begin to build a vocabulary of one's own from the workspace's books, in a process of its own."""
        Dial("", low=1000, high=500_000).check("size", size)
        self._corpus.build_vocab(size, lang)

    def vocab(self) -> JobState:
        """Return how building the vocabulary stands."""
        return self._corpus.vocab()

    def preflight(self, order: TrainingOrder, lang: Lang = "zh") -> list[str]:
        """Return what a training would cost and what to expect of it, sentence by sentence."""
        return self._training.preflight(order, lang)

    def start(self, order: TrainingOrder, lang: Lang = "zh") -> None:
        """Begin a training in a process of its own; refuse where another runs or the name is taken."""
        self._training.start(order, lang)

    def learn_my_story(
        self,
        text: str,
        title: str,
        minutes: float = MINUTES_FOR_A_STORY,
        init: str | None = None,
        lang: Lang = "zh",
    ) -> str:
        """Let a model, without a name the newest, learn a person's own story; return the name of the run."""
        base = find_model(init, self.workspace).name
        story = self._corpus.keep_story(text, title)
        return self._training.learn(story, title, minutes, base, lang)

    def resume(self, name: str, lang: Lang = "zh") -> None:
        """Go on with a run where it was left."""
        self._training.resume(name, lang)

    def pause(self, name: str) -> None:
        """Ask a training to save and end; it can be gone on with."""
        self._training.pause(name)

    def stop(self, name: str) -> None:
        """Ask a training to save and end, and mark it as not meant to go on."""
        self._training.stop(name)

    def state(self, name: str) -> RunState:
        """Return how a run stands."""
        return self._training.state(name)

    def runs(self) -> list[RunState]:
        """Return every run, newest first, those begun on the command line too."""
        return self._training.runs()

    def models(self) -> list[ModelFacts]:
        """Return every finished model, the newest first."""
        return self._shelf.models(self.default_model)

    @property
    def default_model(self) -> str | None:
        """The model that writes where no other is asked for: asked for at the start, else chosen; None means the newest."""
        return self._asked_model or self._shelf.chosen()

    def choose(self, name: str) -> None:
        """Let a model write from now on, also after a restart, where no other is asked for."""
        self._shelf.choose(name)
        self._asked_model = None

    def comparison(self, name: str) -> Comparison | None:
        """Return what a run made of the model it went on from; None where there is nothing to compare."""
        return self._shelf.comparison(name)

    def rename(self, name: str, new: str) -> str:
        """Give a model another name and return it, cleaned."""
        called = self._shelf.rename(name, new)
        if self._asked_model == name:
            self._asked_model = called
        return called

    def delete(self, name: str) -> Path:
        """Move a model with its run aside and return where it lies now."""
        place = self._shelf.delete(name)
        if self._asked_model == name:
            self._asked_model = None
        return place

    def export(self, name: str, format_name: str, *, replace: bool = False, lang: Lang = "zh") -> None:
        """Begin to write a model into `exports/` for other programs, in a process of its own."""
        Dial("", choices=FORMATS).check("format", format_name)
        self._exports.start(find_model(name, self.workspace), format_name, replace=replace, lang=lang)

    def exporting(self) -> ExportState:
        """Return how the export begun last stands."""
        return self._exports.state()

    def cancel_export(self) -> None:
        """Ask the export to end and to leave nothing behind."""
        self._exports.cancel()

    def score(
        self, name: str, limit: int = CHAPTERS_SCORED, book: str | None = None, lang: Lang = "zh"
    ) -> None:
        """Begin to score a model on the chapters that its run held out, or on a book."""
        Dial("", low=1, high=1000).check("limit", limit)
        path = self._corpus.paths([book])[0] if book else None
        self._board.score(name, limit, path, lang)

    def scoring(self) -> dict[str, JobState]:
        """Return the scorings that run or failed, by model."""
        return self._board.scoring()

    def scores(self) -> list[ScoreRow]:
        """Return the scores of all models, the newest of each model first."""
        return self._board.scores()
