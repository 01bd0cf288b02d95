"""One HTML page that needs nothing but itself, and the same as Markdown."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from thermeld.report.tables import Table, html, markdown

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff;
  max-width: 1500px; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; } h2 { margin-top: 3rem; border-bottom: 2px solid #ddd; }
h3 { margin-top: 2rem; } p, li { max-width: 46rem; }
.wide { overflow-x: auto; } svg, img { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums;
  border-top: 2px solid #333; border-bottom: 2px solid #333; }
thead { border-bottom: 1px solid #333; }
th, td { padding: .22rem .5rem; text-align: right; white-space: nowrap; }
th:first-child { text-align: left; } tbody th { font-weight: normal; }
tbody tr:nth-child(even) { background: #f5f5f5; }
small { display: block; color: #555; font-size: .72rem; }
"""


@dataclass(frozen=True)
class Part:
    """One thing under a heading: a sentence or two, then a table, a plot or a picture.

    Attributes:
        title: of the part.
        text: what it shows and how it was made.
        table: or None.
        svg: a plot as inline SVG, or "".
        jpeg: a picture, or b"".
        file: name of the plot or picture in the report's folder, for Markdown.
    """

    title: str
    text: str
    table: Table | None = None
    svg: str = ""
    jpeg: bytes = b""
    file: str = ""


@dataclass(frozen=True)
class Page:
    """A whole report: what holds for all of it, then sections of parts."""

    title: str
    notes: Sequence[str]
    sections: Mapping[str, Sequence[Part]] = field(default_factory=dict)

    def html(self) -> str:
        """The page as one file without links to anything outside it."""
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        body = [f"<h1>{escape(self.title)}</h1>", f"<ul>{notes}</ul>"]
        for heading, parts in self.sections.items():
            body.append(f"<h2>{escape(heading)}</h2>")
            body += [_html(part) for part in parts]
        head = f'<meta charset="utf-8"><title>{escape(self.title)}</title><style>{STYLE}</style>'
        opening = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>'
        return "\n".join([opening, *body, "</body></html>", ""])

    def markdown(self) -> str:
        """The same, plots and pictures as files beside it."""
        lines = [f"# {self.title}", "", *(f"- {note}" for note in self.notes)]
        for heading, parts in self.sections.items():
            lines += ["", f"## {heading}"]
            for part in parts:
                lines += ["", f"### {part.title}", "", part.text]
                lines += ["", markdown(part.table)] if part.table else []
                lines += ["", f"![{part.title}]({part.file})"] if part.file else []
        return "\n".join(lines) + "\n"


def _html(part: Part) -> str:
    pieces = [f"<h3>{escape(part.title)}</h3>", f"<p>{escape(part.text)}</p>"]
    if part.table:
        pieces.append(f'<div class="wide">{html(part.table)}</div>')
    if part.svg:
        pieces.append(f'<div class="wide">{part.svg}</div>')
    if part.jpeg:
        data = base64.b64encode(part.jpeg).decode()
        pieces.append(f'<img alt="{escape(part.title)}" src="data:image/jpeg;base64,{data}">')
    return "\n".join(pieces)
