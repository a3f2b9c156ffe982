"""A class in which some have copied: independent solutions, and pairs of which one was made from the other.

An independent student takes, function by function, one of the ways that the catalogues know, and writes it down in a
way of their own: what gets a name, what is a loop, which of two equal forms. Real classes differ more than that: here
all start from one solution. Who copies keeps all of this, and changes what hides it.
"""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import keyword
import random
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping

from coding_style import WORDS, Style, after_docstring
from homework import COURSE

from autograder.course import mistakes as catalogue
from autograder.course import regions, skeleton

UNUSUAL = COURSE.folder / "unusual"
MANY = 5  # known ways to write a function, beside that of the reference
LONGEST = 2  # functions of somebody, of which one is copied: who needs help needs it there
COPIES = ("renamed", "reordered", "reformatted", "commented", "rewritten", "one function")
Files = dict[str, str]
Ways = tuple[list[list[ast.stmt]], dict[int, list[ast.stmt]]]


def independent(seed: int) -> Files:
    """The files with TODOs, as one student writes them; no two have the same unusual way of writing a function."""
    draw = random.Random(seed)
    files = {}
    for name, functions in _pool().items():
        tree = copy.deepcopy(_reference()[name])
        for qualified, node in _functions(tree):
            if qualified in functions:
                usual, unusual = functions[qualified]
                chosen = unusual.get(seed) or (draw.choice(usual) if usual and draw.random() < 0.5 else None)
                if chosen:
                    node.body = copy.deepcopy(chosen)
                Style(draw, 0.5).body(node)
        files[name] = ast.unparse(ast.fix_missing_locations(tree))
    return files


def copied(files: Mapping[str, str], kind: str, seed: int) -> Files:
    """What somebody hands in who started from these files.

    Args:
        kind: one of COPIES; each comes with other names, but for "commented" and "reformatted".
    """
    draw = random.Random(seed)
    if kind == "one function":
        return _one_function(files, draw)
    new = {
        name: source if kind in ("reformatted", "commented") else renamed(source, draw)
        for name, source in files.items()
    }
    edits: dict[str, Callable[[str, random.Random], str]] = {
        "reordered": _reordered, "reformatted": _reformatted, "commented": _commented, "rewritten": _rewritten,
    }  # fmt: skip
    return {name: edits[kind](source, draw) if kind in edits else source for name, source in new.items()}


def renamed(source: str, draw: random.Random) -> str:
    """Give the variables, and the attributes that no handout names, other names."""
    tree = ast.parse(source)
    known = {*dir(builtins), *keyword.kwlist, *_handout_words()}
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    found |= {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    new = {name: f"{draw.choice(WORDS)}_{number}" for number, name in enumerate(sorted(found - known))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
        elif isinstance(node, ast.Attribute):
            node.attr = new.get(node.attr, node.attr)
    return ast.unparse(tree)


def _one_function(files: Mapping[str, str], draw: random.Random) -> Files:
    """Somebody's own work, but for one of the longest functions that can be written in many ways."""
    mine = independent(draw.randrange(10**9, 10**10))
    choices = [
        (name, qualified, node)
        for name, source in files.items()
        for qualified, node in _functions(ast.parse(renamed(source, draw)))
        if sum(map(len, _pool()[name].get(qualified, ()))) >= MANY
    ]
    name, wanted, body = draw.choice(sorted(choices, key=lambda one: -len(_text(one[2])))[:LONGEST])
    tree = ast.parse(mine[name])
    for qualified, node in _functions(tree):
        if qualified == wanted:
            node.body = body.body
    return {**mine, name: ast.unparse(tree)}


def _reordered(source: str, draw: random.Random) -> str:
    """Functions, and methods of a class, in another order."""
    tree = ast.parse(source)
    for node in [tree, *(one for one in ast.walk(tree) if isinstance(one, ast.ClassDef))]:
        functions = [one for one in node.body if isinstance(one, ast.FunctionDef)]
        others = [one for one in node.body if not isinstance(one, ast.FunctionDef)]
        draw.shuffle(functions)
        node.body = [*others, *functions]
    return ast.unparse(tree)


def _reformatted(source: str, draw: random.Random) -> str:
    """Other line breaks, indents and quotes; brackets around what is returned."""
    lines = []
    for line in ast.unparse(ast.parse(source)).splitlines():
        indent = len(line) - len(line.lstrip())
        text = line.strip()
        if text.startswith("return ") and draw.random() < 0.5 and text.count("(") == text.count(")"):
            text = f"return ({text[7:]})"
        text = text.replace(", ", ",") if draw.random() < 0.5 and "'" not in text else text
        lines.append(" " * (indent // 2) + text)
    return "\n".join(lines)


def _commented(source: str, draw: random.Random) -> str:
    """Comments where none were, and other docstrings."""
    lines = []
    for line in ast.unparse(ast.parse(source)).splitlines():
        if line.strip() and draw.random() < 0.3 and not line.strip().startswith(("'", '"')):
            indent = " " * (len(line) - len(line.lstrip()))
            lines.append(f"{indent}# {draw.choice(WORDS)} {draw.choice(WORDS)}: {draw.randrange(100)}")
        lines.append(line + (f"  # {draw.choice(WORDS)}" if draw.random() < 0.2 and '"""' not in line else ""))
    text = "\n".join(lines)
    try:
        ast.parse(text)
    except SyntaxError:  # a comment went into a text
        return source
    return text


def _rewritten(source: str, draw: random.Random) -> str:
    """Some loops and expressions in another form, and functions in another order."""
    names = {name for name, _ in _functions(ast.parse(source))}
    return _reordered(_edited(source, names, draw, lambda node: Style(draw, 0.12).body(node)), draw)


def _edited(
    source: str, functions: Collection[str], draw: random.Random, edit: Callable[[ast.FunctionDef], None]
) -> str:
    tree = ast.parse(source)
    for qualified, node in _functions(tree):
        if qualified in functions:
            edit(node)
    return ast.unparse(ast.fix_missing_locations(tree))


def _functions(tree: ast.AST) -> Iterator[tuple[str, ast.FunctionDef]]:
    yield from regions._functions(tree)


def _text(node: ast.FunctionDef) -> str:
    return "".join(map(ast.unparse, after_docstring(node)))


@functools.cache
def _reference() -> Mapping[str, ast.Module]:
    files = COURSE.files()
    return {
        name: ast.parse(files[name])
        for part, names in COURSE.layout.work.items()
        for name in [f"{part}/{one}" for one in names]
    }


@functools.cache
def _pool() -> Mapping[str, Mapping[str, Ways]]:
    """The ways to write each function with a TODO: those that many may have, and those that are one student's."""
    files = COURSE.files()
    pool: dict[str, dict[str, Ways]] = {
        name: {region.function: ([], {}) for region in regions.find(files[name].decode(), name)}
        for name in _reference()
    }
    for one in catalogue.load(COURSE):
        if one.function:
            pool[one.file][one.function][0].append(ast.parse(one.body).body)
    changes = [
        change
        for path in sorted(UNUSUAL.glob("*.toml"))
        for change in tomllib.loads(path.read_text(encoding="utf-8"))["change"]
        if "function" in change
    ]
    for change in changes:
        students = pool[change["file"]][change["function"]][1]
        students[7 * len(students) + len(change["function"])] = ast.parse(change["body"]).body
    return pool


@functools.cache
def handout() -> Mapping[str, bytes]:
    """What everyone got."""
    return skeleton.generate(COURSE)


@functools.cache
def _handout_words() -> frozenset[str]:
    texts = [content.decode() for name, content in handout().items() if name.endswith(".py")]
    return frozenset(re.findall(r"\w+", "\n".join(texts)))
