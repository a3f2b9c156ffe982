"""Files and folders under a name that the grader does not read: what is missing, what is there, and what to do.

A near name is said and never acted on: which of two files is the work, only the student knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from autograder.course.layout import CHECKPOINTS, Layout
from autograder.inside.names import bare, nearest
from autograder.submission.entries import Entry, Route, clean, first_notes

WEIGHTS = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".safetensors", ".h5", ".npz")
CODE = (".py", ".ipynb", ".txt", ".rtf", ".doc", ".docx", ".pyw", ".py~", ".bak")
LIKELY = 0.7  # of names of files: "optimizer.py" for "optim.py"


def sentences(
    layout: Layout, kept: Mapping[str, Entry], files: Sequence[Entry], unread: Sequence[Entry], runs: Sequence[Route]
) -> list[str]:
    """Say what is missing and what else is there.

    Args:
        layout: of the course.
        kept: what the grader reads, by name.
        files: all that was handed in, without what nobody meant to.
        unread: those that the grader does not read.
        runs: files that training has left.
    """
    present = {name.partition("/")[0] for name in kept}
    notes = [*_folders(layout, present, files)]
    weights = [entry.path for entry in unread if entry.path[-1].lower().endswith(WEIGHTS)]
    weights = [
        path for path in weights if not folder(CHECKPOINTS, [path], layout)
    ]  # what is said of the folder is enough
    named = dict(_missing(layout, kept, [part for part in layout.parts if part in present], files))
    if layout.models and (layout.trained & present or weights):
        named |= dict(_missing_models(layout.models, kept, weights, runs))
    notes += first_notes(list(named.values()))
    notes += first_notes([*_copies(layout, kept, [entry for entry in files if entry.path not in named])])
    left = [
        clean("/".join(path))
        for path in weights
        if path not in named and bare(path[-1]) not in map(bare, layout.models)
    ]
    if left and layout.models:
        notes.append(f"not read, as checkpoints are called {', '.join(layout.models)}: {', '.join(left[:5])}")
    return notes


def may_count(name: str, layout: Layout) -> bool:
    """Whether the content of a file of this name may be read, or is compared with what is."""
    known = name.lower().endswith(WEIGHTS) and bare(name) in map(bare, layout.models)
    return known or name.lower().endswith((".py", ".toml"))


def folder(right: str, paths: Sequence[Route], layout: Layout) -> str:
    """Say which folder was probably meant by the name `right`: "Part1-NumPy", "part1", "checkpoint"; or nothing."""
    stem = right.partition("_")[0].rstrip("s")
    for path in paths:
        for name in path[:-1]:
            if name not in layout.folders and re.sub("[^a-z0-9]", "", name.casefold()).startswith(stem):
                return f"rename the folder {clean(name)} to {right}"
    return ""


def _folders(layout: Layout, present: set[str], files: Sequence[Entry]) -> Iterator[str]:
    """Say which parts are missing, or lie there a second time under another name."""
    paths = [entry.path for entry in files]
    for right in layout.folders:
        rename = folder(right, paths, layout)
        if right in present:
            if rename and right != CHECKPOINTS:
                yield f"{right} counts, and what is in {rename.split(' to ')[0].removeprefix('rename the folder ')} not"
        elif right != CHECKPOINTS:
            there = next((path for path in paths if right in path[:-1]), ())
            place = clean("/".join(there[: there.index(right) + 1])) if there else ""
            why = rename or (f"put the folder {place} beside the other parts" if there else "")
            if any(right in path[:-1] and path[-1].endswith(".ipynb") for path in paths):
                why = "notebooks are not graded, save their code as Python files"
            yield f"{right} is not in the zip" + (f": {why}" if why else "")
        elif layout.trained & present:
            yield "no file checkpoints/*.pt is in the zip" + (f": {rename}" if rename else "")


def _missing(
    layout: Layout, kept: Mapping[str, Entry], parts: Sequence[str], files: Sequence[Entry]
) -> Iterator[tuple[Route, str]]:
    """Where a file with a TODO is missing, name the one that was probably meant."""
    read = {entry.path: name for name, entry in kept.items()}
    expected = {f"{part}/{name}" for part in layout.parts for name in layout.names(part)}
    code = [entry.path for entry in files if entry.path[-1].lower().endswith(CODE)]
    spare = [path for path in code if read.get(path) not in expected]
    for part in parts:
        home = next(entry.path[: -name.count("/")] for name, entry in kept.items() if name.startswith(f"{part}/"))
        for file in layout.work[part]:
            if f"{part}/{file}" in kept:
                continue
            near = [path for path in spare if path[:-1] == home and path[-1] not in layout.work[part]]
            same = [path for path in spare if path[-1] == file]
            loose = [
                path for path in spare if not {*layout.folders} & {*path[:-1]} and path[-1] not in layout.work[part]
            ]
            for paths in (near, same, loose):
                found = file if paths is same else nearest(file, [path[-1] for path in paths], LIKELY)
                path = next((path for path in paths if path[-1] == found), None)
                if path is not None:
                    spare.remove(path)
                    yield path, _sentence(part, file, path)
                    break


def _sentence(folder: str, file: str, path: Route) -> str:
    there = clean("/".join(path))
    do = f"rename it to {file}" if path[-1] != file else f"put it into {folder}/"
    if path[-1] != file and folder not in path:
        do = f"put it into {folder}/ as {file}"
    if path[-1].lower().endswith(".ipynb"):
        do = f"notebooks are not graded, save its code as {file}"
    return f"{folder}/{file} is missing, {there} is there: {do}"


def _missing_models(
    models: Sequence[str], kept: Mapping[str, Entry], weights: Sequence[Route], runs: Sequence[Route]
) -> Iterator[tuple[Route, str]]:
    """Where a checkpoint is missing, name the file that was probably meant."""
    missing = [model for model in models if f"{CHECKPOINTS}/{model}" not in kept]
    left = list(weights)
    trained = [path for path in runs if path[-1].lower().endswith(WEIGHTS)]
    for model in missing:
        others = [path for path in left if path[-1] not in models]
        name = nearest(model, [path[-1] for path in others], LIKELY)
        stem = model.removesuffix(".pt")
        likely = [path for path in left if path[-1] == model]
        likely += [path for path in others if path[-1] == name]
        likely += [path for path in (*others, *trained) if stem in path[:-1]]
        likely += others if len(missing) == len(others) == 1 else []
        if likely:
            left = [path for path in left if path != likely[0]]
            yield likely[0], _sentence(CHECKPOINTS, model, likely[0])


def _copies(layout: Layout, kept: Mapping[str, Entry], files: Sequence[Entry]) -> Iterator[str]:
    """Where a file lies there a second time with other content, say which of the two counts."""
    known = {*layout.models, *(name for names in layout.work.values() for name in names)}
    for name, entry in kept.items():
        part, _, file = name.partition("/")
        if file not in known:
            continue
        for other in files:
            twin = other.path[:-1] == entry.path[:-1] or (other.path[-1] == file and part in other.path[:-1])
            if other is entry or not twin or bare(other.path[-1]) != bare(file) or other.crc == entry.crc:
                continue
            importable = other.path[-1].endswith(".py") and other.path[-1].removesuffix(".py").isidentifier()
            what = "counts only where it is imported" if importable else "does not"
            yield f"{name} counts; {clean('/'.join(other.path))}, which differs, {what}"
