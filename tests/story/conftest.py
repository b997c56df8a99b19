import shutil
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
"""A commit waits for the disk; in memory the same tests take a tenth of the time."""


def memory_folder():
    return Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))


@pytest.fixture
def path():
    folder = memory_folder()
    yield folder / "文件夹" / "stories.db"
    shutil.rmtree(folder)
