"""Every way a person can be told no; each class owns one sentence of the catalogue, cure included.

NovelGPTError
├── InputError            FileMissing NothingToRead NothingIngested FilesRefused NotText EmptyText BadValue BadConfigFile BadRules LengthsDiffer NotUnicode TooLittleToScore NotKoboldStory ImportTooLarge SeveralBooks NothingChosen
├── ChapterError          NoChapters DamagedChapters
├── VocabularyError       NoVocabulary BadVocabulary VocabularyTooSmall WrongVocabulary
├── TrainingError         TooLittleText RunExists RunChanged NoValidCheckpoint
├── ModelError            UnknownModel BadModel
├── StoryError            BadStories StoriesBusy UnknownStory UnknownPassage PassageFinished StoryBeingWritten StoryChangedElsewhere
│   └── BadStories        NewerStories StoriesUnwritable
└── MachineError          DiskFull FolderUnwritable NoRay PortBusy AddressRefused Busy
    └── Busy              TooManyWaiting

Raise with the facts the sentence names: `raise FileMissing(path=path)`. The faces catch `NovelGPTError` once.
"""

from __future__ import annotations

from typing import Any

from novelgpt.messages import Lang, translate


class NovelGPTError(Exception):
    """A user error; its sentence is the catalogue's `error.<class name>`."""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence("en"))

    def __reduce__(self) -> tuple[Any, ...]:
        return _raised, (type(self), self.facts)  # so that it comes home whole from another process

    def sentence(self, lang: Lang) -> str:
        """Return the one line that names the cause and the cure."""
        return translate(f"error.{type(self).__name__}", lang, **self.facts)


def _raised(kind: type[NovelGPTError], facts: dict[str, Any]) -> NovelGPTError:
    return kind(**facts)


class InputError(NovelGPTError):
    """Something handed in by the user cannot be used."""


class FileMissing(InputError):
    """A named file or folder is not there."""


class NothingToRead(InputError):
    """The paths hold no file of a readable kind."""


class NothingIngested(InputError):
    """Every file was refused."""


class FilesRefused(InputError):
    """Some files were refused, and a person had asked for all or nothing."""


class NotText(InputError):
    """A file's bytes are not text."""


class EmptyText(InputError):
    """Text was needed and none was given."""


class BadValue(InputError):
    """A setting lies outside what is allowed."""


class BadConfigFile(InputError):
    """A settings file cannot be understood."""


class BadRules(InputError):
    """A user's rules file cannot be understood."""


class LengthsDiffer(InputError):
    """Hypothesis and reference do not pair up."""


class NotUnicode(InputError):
    """The text holds a lone surrogate."""


class TooLittleToScore(InputError):
    """No held-out chapter is long enough for a prompt and a reference."""


class NotKoboldStory(InputError):
    """A file is not one of KoboldAI's stories."""


class ImportTooLarge(InputError):
    """A file is larger than a story may be."""


class SeveralBooks(InputError):
    """An archive holds several books where one story is to be made."""


class NothingChosen(InputError):
    """A button was pressed before what it works on was chosen."""


class ChapterError(NovelGPTError):
    """The chapter files are missing or damaged."""


class NoChapters(ChapterError):
    """No chapter was found."""


class DamagedChapters(ChapterError):
    """A line of a chapter file is not a chapter."""


class VocabularyError(NovelGPTError):
    """The vocabulary is missing, damaged or another one."""


class NoVocabulary(VocabularyError):
    """The folder holds no vocabulary."""


class BadVocabulary(VocabularyError):
    """The vocabulary files are damaged."""


class VocabularyTooSmall(VocabularyError):
    """Fewer pieces were asked for than bytes and specials need."""


class WrongVocabulary(VocabularyError):
    """Two things made with different vocabularies were put together."""


class TrainingError(NovelGPTError):
    """Training cannot start or go on."""


class TooLittleText(TrainingError):
    """There is not one full window to learn from."""


class RunExists(TrainingError):
    """The run folder already holds a run."""


class RunChanged(TrainingError):
    """Resuming was asked for with other data or settings."""


class NoValidCheckpoint(TrainingError):
    """Checkpoints are there, but none verifies."""


class ModelError(NovelGPTError):
    """A model cannot be used."""


class UnknownModel(ModelError):
    """No model has that name."""


class BadModel(ModelError):
    """A model folder is damaged or of a kind that is not accepted."""


class StoryError(NovelGPTError):
    """The story library cannot do what was asked."""


class BadStories(StoryError):
    """The database is damaged."""


class NewerStories(BadStories):
    """The database was written by a later version of this program."""


class StoriesUnwritable(BadStories):
    """The database or its folder may not be written."""


class StoriesBusy(StoryError):
    """Another program holds the database."""


class UnknownStory(StoryError):
    """The story is not in the library."""


class UnknownPassage(StoryError):
    """The passage is not in the story."""


class PassageFinished(StoryError):
    """The passage cannot grow any more."""


class StoryBeingWritten(StoryError):
    """A model is writing in the story at this moment."""


class StoryChangedElsewhere(StoryError):
    """The page was built on a text that has been replaced since; `kept` is the branch that holds what was typed."""


class MachineError(NovelGPTError):
    """The machine refused: disk, ports."""


class DiskFull(MachineError):
    """No space left while writing."""


class FolderUnwritable(MachineError):
    """The place where results should go cannot be written."""


class NoRay(MachineError):
    """A Ray cluster was asked for and Ray is not installed."""


class PortBusy(MachineError):
    """The address is taken."""


class AddressRefused(MachineError):
    """The machine does not let us listen at the address."""


class Busy(MachineError):
    """So many texts wait to be written that no more are taken."""


class TooManyWaiting(Busy):
    """So many texts of one client wait that no more are taken from it."""
