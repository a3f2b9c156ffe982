"""Ways to write a solution that mean the same; each takes the statements of a region and returns others.

The first line of a docstring is what an author reads of it. A wording that might not mean the same at some place
leaves that place as it is: a name that is seen from outside, a sum into an array that something else may hold.
"""

from __future__ import annotations

import ast

from autograder.authoring.rewriting.expressions import (
    einsum_for_matmul,
    factors_exchanged,
    functions_for_methods,
    keywords_for_positions,
)
from autograder.authoring.rewriting.places import (
    NESTED,
    Place,
    Statements,
    Wording,
    assigned,
    each,
    free_name,
    moves,
    nodes,
    parsed,
    used,
)


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], attributes: dict[str, str]) -> None:
        self._names, self._attributes = names, attributes

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return ast.Attribute(node.value, self._attributes.get(node.attr, node.attr), node.ctx)
        return node


def locals_renamed(place: Place, statements: Statements) -> Statements:
    """Local names are others."""
    if not moves(statements) or any(isinstance(node, NESTED) for node in nodes(statements)):
        return statements
    before = used(place.function.body) - used(statements) | {*place.arguments}
    outside = used([one for one in place.function.body if one.end_lineno < statements[0].lineno])  # type: ignore[operator]
    names = {name: f"my_{name}" for name in assigned(statements) if name not in before | outside}
    return [_Renamed(names, {}).visit(statement) for statement in statements]


def attributes_renamed(place: Place, statements: Statements) -> Statements:
    """What a layer keeps for itself has other names."""
    if place.owner is None or place.is_torch:
        return statements
    own = [
        node.attr
        for node in ast.walk(place.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    ]
    names = {name: f"kept_{name}" for name in own if name not in place.public}
    return [_Renamed({}, names).visit(statement) for statement in statements]


def helper_of_its_own(place: Place, statements: Statements) -> Statements:
    """The work is done in a function within the function."""
    if not moves(statements):
        return statements
    name = free_name("work", place, statements)
    own = [one.arg for one in (*place.function.args.args, *place.function.args.kwonlyargs)]
    before = assigned([one for one in place.function.body if one.end_lineno < statements[0].lineno])  # type: ignore[operator]
    words = ", ".join(dict.fromkeys(word for word in (*own, *before) if word in used(statements)))
    new = parsed(f"def {name}({words}):\n    pass\nreturn {name}({words})")
    assert isinstance(new[0], ast.FunctionDef)
    new[0].body = statements
    if not any(isinstance(node, ast.Return) and node.value for node in nodes(statements)):
        new[1] = ast.Expr(new[1].value)  # type: ignore[attr-defined]
    return new


def inputs_copied(place: Place, statements: Statements) -> Statements:
    """Arrays are copied before they are used."""
    return _inputs(place, statements, "clone" if place.is_torch else "copy", "()")


def inputs_viewed(place: Place, statements: Statements) -> Statements:
    """Arrays are used by way of a view."""
    return _inputs(place, statements, "", "[...]")


def _inputs(place: Place, statements: Statements, method: str, end: str) -> Statements:
    names = [name for name in place.arguments if name in used(statements)]
    if not place.library or "copy" in place.words or place.function.name == "__init__":
        return statements
    dot = "." if method else ""
    text = "".join(
        f"{name} = {name}{dot}{method}{end} if isinstance({name}, {place.array}) else {name}\n" for name in names
    )
    return [*parsed(text), *statements]


def result_copied(place: Place, statements: Statements) -> Statements:
    """The result is a copy."""
    copied = "result.clone()" if place.is_torch else "result.copy()"
    return _result(place, statements, f"return {copied} if isinstance(result, {place.array}) else result")


def result_by_columns(place: Place, statements: Statements) -> Statements:
    """The result lies in memory column by column."""
    if place.is_torch:
        return statements
    return _result(
        place,
        statements,
        f"return {place.library}.asfortranarray(result) if isinstance(result, {place.array}) else result",
    )


def result_filled_in(place: Place, statements: Statements) -> Statements:
    """The result is filled into an array made before."""
    if place.is_torch:
        return statements
    text = f"""
    if isinstance(result, {place.array}):
        filled = {place.library}.empty_like(result)
        filled[...] = result
        return filled
    return result
    """
    return _result(place, statements, text)


def _result(place: Place, statements: Statements, text: str) -> Statements:
    """Do something with what is returned at the end."""
    last = statements[-1]
    alone = isinstance(last, ast.Return) and last.value is not None
    if not place.library or "copy" in place.words or not alone or {"result", "filled"} & used(statements):
        return statements
    return [*statements[:-1], *parsed("result = value", value=last.value), *parsed(text)]  # type: ignore[attr-defined]


def worked_in_float64(place: Place, statements: Statements) -> Statements:
    """The work is done in float64, and the result has the dtype of what came in."""
    keeps = any(isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) for node in nodes(statements))
    names = [name for name in place.arguments if name in used(statements)]
    if keeps or not names or not place.library or place.is_torch or "kind" in used(statements):
        return statements
    library = place.library

    def of(name: str, kind: str) -> str:
        return f"(isinstance({name}, {place.array}) and {name}.dtype == {library}.{kind})"

    single, double = (" or ".join(of(name, kind) for name in names) for kind in ("float32", "float64"))
    first = f"kind = {library}.float64 if {double} else {library}.float32 if {single} else None\n"
    wider = (f"{name} = {name}.astype({library}.float64) if {of(name, 'float32')} else {name}\n" for name in names)
    cast = f"{{0}}.astype(kind) if isinstance({{0}}, {place.array}) and {{0}}.dtype.kind == 'f' and kind else {{0}}"
    several = isinstance(statements[-1], ast.Return) and isinstance(statements[-1].value, ast.Tuple)
    last = f"return tuple({cast.format('one')} for one in result)" if several else f"return {cast.format('result')}"
    new = _result(place, statements, last)
    return statements if new is statements else [*parsed(first + "".join(wider)), *new]


def result_named(place: Place, statements: Statements) -> Statements:
    """What is returned has a name first, and pairs are assigned one by one."""
    name = free_name("answer", place, statements)

    def change(node: ast.stmt) -> Statements | None:
        if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Name):
            return parsed(f"{name} = value\nreturn {name}", value=node.value)
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            pairs = list(zip(node.targets[0].elts, node.value.elts, strict=False))
            if len(node.targets) == 1 and not any(isinstance(one, ast.Starred) for pair in pairs for one in pair):
                names = [f"{name}_{index}" for index in range(len(pairs))]
                first = [
                    ast.Assign([ast.Name(one, ast.Store())], value)
                    for one, (_, value) in zip(names, pairs, strict=True)
                ]
                rest = [
                    ast.Assign([target], ast.Name(one, ast.Load()))
                    for one, (target, _) in zip(names, pairs, strict=True)
                ]
                return [*first, *rest]
        return None

    return each(statements, change)


def sums_spelled_out(place: Place, statements: Statements) -> Statements:
    """`+=` is written as `= ... +`, where nothing else holds what is added to."""
    numbers = {
        target.id
        for node in nodes(statements)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def change(node: ast.stmt) -> Statements | None:
        if not isinstance(node, ast.AugAssign):
            return None
        target = node.target
        fits = isinstance(target, ast.Subscript) or (isinstance(target, ast.Name) and target.id in numbers)
        if not fits or any(isinstance(inner, ast.Call) for inner in ast.walk(target)):
            return None
        read = ast.parse(ast.unparse(target), mode="eval").body
        return [ast.Assign([target], ast.BinOp(read, node.op, node.value))]

    return each(statements, change)


def loops_for_comprehensions(place: Place, statements: Statements) -> Statements:
    """A list is made in a loop instead of a comprehension."""
    taken = used(place.function.body)

    def change(node: ast.stmt) -> Statements | None:
        fits = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if not fits or not isinstance(node.value, ast.ListComp) or len(node.value.generators) != 1:  # type: ignore[attr-defined]
            return None
        name, value = node.targets[0].id, node.value  # type: ignore[attr-defined]
        inner = value.generators[0]
        names = {one: f"each_{one}" for one in assigned([inner.target])}
        if inner.is_async or name in used([value]) or taken & {*names.values()}:
            return None
        rename = _Renamed(names, {}).visit
        add: Statements = parsed(f"{name}.append(value)", value=rename(value.elt))
        if inner.ifs:
            test = rename(inner.ifs[0]) if len(inner.ifs) == 1 else ast.BoolOp(ast.And(), [*map(rename, inner.ifs)])
            add = [ast.If(test, add, [])]
        loop = ast.For(rename(inner.target), inner.iter, add, [])
        return [*parsed(f"{name} = []"), loop]

    return each(statements, change)


def branches_written_otherwise(place: Place, statements: Statements) -> Statements:
    """What follows an early return stands in an else, and `a if c else b` is an if statement."""
    for index, node in enumerate(statements):
        if (
            isinstance(node, ast.If)
            and not node.orelse
            and isinstance(node.body[-1], ast.Return)
            and statements[index + 1 :]
        ):
            node.orelse = statements[index + 1 :]
            statements = statements[: index + 1]
            break

    def change(node: ast.stmt) -> Statements | None:
        value = getattr(node, "value", None)
        if not isinstance(node, ast.Assign | ast.Return) or not isinstance(value, ast.IfExp):
            return None
        branches: list[ast.stmt] = []
        for one in (value.body, value.orelse):
            branches.append(ast.Return(one) if isinstance(node, ast.Return) else ast.Assign(node.targets, one))
        return [ast.If(value.test, branches[:1], branches[1:])]

    return each(statements, change)


WORDINGS: tuple[Wording, ...] = (
    locals_renamed, attributes_renamed, helper_of_its_own, inputs_copied, inputs_viewed, result_copied,
    result_by_columns, result_filled_in, worked_in_float64, result_named, sums_spelled_out, loops_for_comprehensions,
    branches_written_otherwise, einsum_for_matmul, functions_for_methods, keywords_for_positions, factors_exchanged,
)  # fmt: skip
FILE_WIDE = (attributes_renamed,)  # which means the same only where all regions of a file are written so
