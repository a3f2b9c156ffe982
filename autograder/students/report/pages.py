"""A filled-in report as one HTML file that needs no other, and what HTML and PDF share: parsed text and formulas."""

from __future__ import annotations

import base64
import hashlib
import html
import mimetypes
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from autograder.errors import SetupError
from autograder.students.report.document import Document

FORMULA_DPI = 250
IMAGES = (".png", ".jpg", ".jpeg", ".gif")
READER = MarkdownIt("commonmark", {"html": False}).enable("table")
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
h1 { border-bottom: 1px solid #ccc; margin-top: 2.5rem; } h1, h2, h3 { line-height: 1.2; }
table { border-collapse: collapse; margin: 1rem auto; font-size: .8rem; }
th { border-bottom: 2px solid #333; text-align: left; } td { border-bottom: 1px solid #ddd; }
th, td { padding: .25rem .6rem; white-space: nowrap; }
figure { margin: 1rem 0; text-align: center; } figure img { max-width: 100%; }
figcaption { font-size: .85rem; color: #444; }
pre { background: #f4f4f4; padding: .7rem; overflow-x: auto; } code { font-size: .9em; }
blockquote { border-left: 3px solid #ccc; margin-left: 0; padding-left: 1rem; color: #444; }
@media print { body { max-width: none; } }
"""


def parse(document: Document) -> list[Token]:
    """Read the Markdown; HTML in it is text like any other."""
    return READER.parse(document.markdown)


def pictures(document: Document, tokens: list[Token], folder: Path) -> dict[str, Path]:
    """Find the file of every image and draw every formula, by what stands for it in the text.

    Args:
        folder: formulas are drawn into it.

    What cannot be shown is noted in the document.
    """
    found: dict[str, Path] = {}
    for token in _all(tokens):
        if token.type == "image":
            source = str(token.attrGet("src"))
            path = document.folder / Path(source)
            if path.suffix.lower() in IMAGES and path.is_file():
                found[source] = path
            else:
                kinds = ", ".join(IMAGES)
                document.notes.append(f"the image {source} cannot be shown: expected a file here, one of {kinds}")
        elif is_formula(token):
            try:
                found[token.content] = draw_formula(token.content, folder)
            except ValueError as error:
                what = str(error).strip().splitlines()[-1] if str(error).strip() else "it cannot be read"
                document.notes.append(f"the formula {token.content.strip()!r} cannot be drawn: {what}")
    return found


def _all(tokens: list[Token]) -> Iterator[Token]:
    """Yield every token, and what stands inside of lines."""
    for token in tokens:
        yield token
        yield from token.children or []


def is_formula(token: Token) -> bool:
    """Whether it is a block of code that says math."""
    return token.type == "fence" and token.info.strip() == "math"


def draw_formula(text: str, folder: Path) -> Path:
    """Draw TeX's mathematics, one line a formula, as far as matplotlib knows it.

    Raises:
        ValueError: if it does not.
    """
    from matplotlib.figure import Figure

    lines = [f"${line.strip().strip('$')}$" for line in text.strip().splitlines() if line.strip()]
    path = folder / f"formula-{hashlib.sha256(text.encode()).hexdigest()[:16]}.png"
    figure = Figure(figsize=(0.1, 0.1))
    figure.text(0, 0, "\n".join(lines), fontsize=12)
    figure.savefig(path, dpi=FORMULA_DPI, bbox_inches="tight", pad_inches=0.04)
    return path


def to_html(document: Document, tokens: list[Token], images: dict[str, Path]) -> str:
    """Write the page, images inside."""
    body = "\n".join(_block(token, images) for token in _blocks(tokens))
    title = next(
        (node.children[0].content for node in SyntaxTreeNode(tokens).children if node.type == "heading"), "Report"
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n'
        "</body>\n</html>\n"
    )


def _blocks(tokens: list[Token]) -> list[list[Token]]:
    """Cut the tokens where a block ends that lies in no other."""
    blocks: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        blocks[-1].append(token)
        depth += token.nesting
        if not depth:
            blocks.append([])
    return blocks[:-1]


def _block(tokens: list[Token], images: dict[str, Path]) -> str:
    if is_formula(tokens[0]) and tokens[0].content in images:
        return _figure(images[tokens[0].content], tokens[0].content.strip(), scale=96 / FORMULA_DPI)
    inner = tokens[1].children or [] if len(tokens) == 3 else []
    if tokens[0].type == "paragraph_open" and len(inner) == 1 and inner[0].type == "image":
        path = images.get(str(inner[0].attrGet("src")))
        if path:
            return _figure(path, alt(inner[0]), alt(inner[0]))
    for token in _all(tokens):
        if token.type == "image":
            path = images.get(str(token.attrGet("src")))
            if path:
                token.attrSet("src", _data(path))
            else:
                token.type, token.content, token.children = "text", f"[{alt(token)}]", None
    return str(READER.renderer.render(tokens, READER.options, {}))


def alt(image: Token) -> str:
    """The text of an image."""
    return "".join(child.content for child in image.children or [])


def _figure(path: Path, words: str, caption: str = "", scale: float = 0.0) -> str:
    """Write an image with its caption, scaled, or as large as it is; `words` stand for it where it cannot be seen."""
    from PIL import Image

    size = ""
    if scale:
        with Image.open(path) as image:
            size = f' width="{round(image.width * scale)}"'
    text = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure><img src="{_data(path)}" alt="{html.escape(words, quote=True)}"{size}>{text}</figure>'


def _data(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "image/png"
    try:
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}") from None
