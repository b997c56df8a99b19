"""Folders of tensors that survive a crash at any instant.

In: a function that fills a folder. Out: the folder under its name, whole and checked by a manifest of sha256 sums.
Law: a folder that `newest_valid` returns holds exactly the bytes that were written; anything else is set aside, never
deleted. Order of writing: temporary folder, files, fsync, manifest last, rename, fsync of the parent.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from novelgpt.files import disk_full_is_said, sha256_file, sync_file, sync_folder, write_json

MANIFEST = "manifest.json"


def write_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a temporary neighbour of `target`, seal it with a manifest, and let it take the name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with disk_full_is_said(target):
            temporary.mkdir()
            fill(temporary)
            files = sorted(path for path in temporary.iterdir() if path.is_file())
            for path in files:
                sync_file(path)
            sums = {path.name: {"size": path.stat().st_size, "sha256": sha256_file(path)} for path in files}
            write_json(temporary / MANIFEST, {"schema": 1, "files": sums})
            sync_folder(temporary)
            _take_name(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _take_name(temporary: Path, target: Path) -> None:
    """Rename; an older folder of that name steps aside first and goes only when the new one stands."""
    former = target.with_name(f".{target.name}.former")
    if target.exists():
        shutil.rmtree(former, ignore_errors=True)
        target.rename(former)
    temporary.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(former, ignore_errors=True)


def repair_names(parent: Path) -> None:
    """After a crash: a former folder whose successor never came gets its name back; half-written ones go."""
    for former in parent.glob(".*.former"):
        target = parent / former.name[1:].removesuffix(".former")
        if target.exists():
            shutil.rmtree(former, ignore_errors=True)
        else:
            former.rename(target)
    for litter in parent.glob(".*.tmp"):
        if litter.is_dir():
            shutil.rmtree(litter, ignore_errors=True)
        else:
            litter.unlink(missing_ok=True)


def fault(folder: Path) -> str | None:
    """Return what is wrong with a sealed folder, or None when every byte is as written."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for name, facts in manifest["files"].items():
            path = folder / name
            if path.stat().st_size != facts["size"] or sha256_file(path) != facts["sha256"]:
                return f"{name} differs from the manifest"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def steps_in(parent: Path) -> list[tuple[int, Path]]:
    """Return the checkpoints `step-N` in `parent`, oldest first."""
    found = [(path.name.removeprefix("step-"), path) for path in parent.glob("step-*") if path.is_dir()]
    return sorted((int(number), path) for number, path in found if number.isdecimal())


def newest_valid(parent: Path) -> tuple[Path | None, list[tuple[Path, str]]]:
    """Return the newest checkpoint that verifies, and the damaged ones that were set aside on the way."""
    damaged: list[tuple[Path, str]] = []
    for _, path in reversed(steps_in(parent)):
        wrong = fault(path)
        if wrong is None:
            return path, damaged
        aside = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:6]}")
        path.rename(aside)
        damaged.append((aside, wrong))
    return None, damaged


def rotate(parent: Path, keep: int, pinned: Collection[int] = ()) -> None:
    """Keep the newest `keep` checkpoints and the pinned steps; nothing goes unless the newest one verifies."""
    steps = steps_in(parent)
    if len(steps) > keep and fault(steps[-1][1]) is None:
        for step, path in steps[:-keep]:
            if step not in pinned:
                shutil.rmtree(path)
