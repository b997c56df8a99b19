"""The single door of the house: everything a person or a program does at the desk is a call on a `Studio`."""

from novelgpt.studio.proposals import Proposal
from novelgpt.studio.studio import WAITING, OpenStory, Seen, Studio, open_studio
from novelgpt.writing.alternatives import Alternatives

__all__ = ["WAITING", "Alternatives", "OpenStory", "Proposal", "Seen", "Studio", "open_studio"]
