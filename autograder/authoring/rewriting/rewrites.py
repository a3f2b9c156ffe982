"""Right solutions that look unusual: a solution region written in another way that means the same.

What a check refuses of them it refuses of a student who is right. Each way of writing is a function of `wordings`,
applied to all regions of a file at once, and only to the function that is refused when one is.
"""

from __future__ import annotations

import ast
import copy
import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.authoring.rewriting.places import Place, Wording
from autograder.authoring.rewriting.wordings import FILE_WIDE, WORDINGS
from autograder.course import regions
from autograder.course.regions import Region

Files = Mapping[str, bytes]
CONTEXT = 1  # lines before and after a change, in a diff
SIGNED = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Rewrite:
    """One file, with some of its regions written in another way.

    Attributes:
        file, functions: where.
        wording: how, in a clause: "matmul written as einsum".
        source: the whole module.
        before, after: the regions, laid out alike.
    """

    file: str
    functions: tuple[str, ...]
    wording: str
    source: str
    before: str
    after: str

    def apply(self, files: Files) -> dict[str, bytes]:
        """Make the whole solution from the reference's files."""
        return {**files, self.file: self.source.encode()}

    def diff(self) -> str:
        """Show what is written differently."""
        lines = self.before.splitlines(), self.after.splitlines()
        hunks = list(difflib.unified_diff(*lines, n=CONTEXT, lineterm=""))[2:]
        return "\n".join([f"{self.file} {', '.join(self.functions)}: {self.wording}", *hunks])


def of_part(files: Files, folder: str, public: Collection[str], free: Collection[str]) -> Iterator[Rewrite]:
    """Make all rewrites of one part of the reference, one for each file and wording that changes it.

    Args:
        files: the reference.
        folder: of the part.
        public: words that name what somebody outside of the solution may ask for.
        free: TODOs that are judged by trained networks, whose weights have the names of the reference.
    """
    signatures = _signatures({name: text for name, text in files.items() if name.startswith(f"{folder}/")})
    for name in sorted(files):
        if name.startswith(f"{folder}/") and name.endswith(".py"):
            source = files[name].decode()
            for wording in WORDINGS:
                yield from _rewritten(name, source, wording, public, signatures, free=free)


def apart(rewrite: Rewrite, files: Files, public: Collection[str]) -> list[Rewrite]:
    """Make of a rewrite those that change one function each, to see which of them is refused."""
    wording = next(one for one in WORDINGS if clause(one) == rewrite.wording)
    if len(rewrite.functions) == 1 or wording in FILE_WIDE:
        return [rewrite]
    folder, source = rewrite.file.partition("/")[0], files[rewrite.file].decode()
    signatures = _signatures({name: text for name, text in files.items() if name.startswith(f"{folder}/")})
    return [
        one
        for function in rewrite.functions
        for one in _rewritten(rewrite.file, source, wording, public, signatures, only=function)
    ]


def clause(wording: Wording) -> str:
    """What a wording does: the first line of its docstring, as a clause."""
    first = (wording.__doc__ or "").partition("\n")[0].rstrip(".")
    return first[:1].lower() + first[1:]


def _rewritten(
    file: str,
    source: str,
    wording: Wording,
    public: Collection[str],
    signatures: Mapping[str, Sequence[str]],
    *,
    only: str = "",
    free: Collection[str] = (),
) -> Iterator[Rewrite]:
    tree = ast.parse(source, file)
    found = [region for region in regions.find(source, file) if region.todo not in free]
    changed, before, after = [], [], []
    text = source
    for region in found:
        if only in ("", region.function):
            old = _statements(tree, region)
            place = _place(tree, source, region, found, public, signatures)
            if (new := _reworded(wording, place, old)) and new != _text(old):
                text = regions.fill(text, file, region.function, new)
                changed.append(region.function)
                before.append(_text(old))
                after.append(new)
    if changed:
        yield Rewrite(file, tuple(changed), clause(wording), text, "\n".join(before), "\n".join(after))


def _reworded(wording: Wording, place: Place, old: list[ast.stmt]) -> str:
    new = _text(wording(place, copy.deepcopy(old)))
    try:
        compile(f"def function():\n{_indented(new)}", "rewrite", "exec")
    except SyntaxError:
        return ""
    return new


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _text(statements: Sequence[ast.stmt]) -> str:
    return "\n".join(ast.unparse(ast.fix_missing_locations(statement)) for statement in statements)


def _statements(tree: ast.Module, region: Region) -> list[ast.stmt]:
    node = _function(tree, region)
    return [statement for statement in node.body if region.first < statement.lineno < region.last]


def _function(tree: ast.Module, region: Region) -> ast.FunctionDef:
    inside = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno < region.first <= (node.end_lineno or 0)
    ]
    return max(inside, key=lambda node: node.lineno)


def _place(
    tree: ast.Module,
    source: str,
    region: Region,
    found: Sequence[Region],
    public: Collection[str],
    signatures: Mapping[str, Sequence[str]],
) -> Place:
    lines = source.splitlines()
    inside = {number for one in found for number in range(one.first, one.last)}
    outside = "\n".join(line for number, line in enumerate(lines) if number not in inside)
    function = _function(tree, region)
    around = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and function in ast.walk(node)]
    return Place(
        function=function,
        owner=around[-1] if around else None,
        tree=tree,
        words="\n".join(lines[function.lineno - 1 : region.first]),
        public=frozenset({*public, *re.findall(r"\w+", outside)}),
        signatures=signatures,
    )


def _signatures(files: Files) -> dict[str, Sequence[str]]:
    """The parameters of each function and class of a folder; none where two have one name."""
    found: dict[str, list[Sequence[str]]] = {}
    for name, content in files.items():
        for node in ast.parse(content, name).body if name.endswith(".py") else ():
            if isinstance(node, SIGNED) and (function := _maker(node)) is not None:
                own = [argument.arg for argument in function.args.args]
                found.setdefault(node.name, []).append(own[1:] if isinstance(node, ast.ClassDef) else own)
    return {name: those[0] for name, those in found.items() if len(those) == 1}


def _maker(node: SIGNED) -> ast.FunctionDef | None:
    """What is called: the function, or the constructor of a class, if all it takes has a place and a name."""
    if isinstance(node, ast.ClassDef):
        makers = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        node = makers[0] if makers else node
    fits = isinstance(node, ast.FunctionDef) and not (node.args.posonlyargs or node.args.vararg)
    return node if fits and isinstance(node, ast.FunctionDef) else None
