"""HTML for the pages that commands leave: one look, no script, nothing from elsewhere."""

import base64
import html as escaping
import re
from collections.abc import Mapping, Sequence

STYLE = """
:root { color-scheme: light dark;
  --ink: #1c1f24; --paper: #fff; --faint: #667; --line: #dde; --accent: #2b6cb0; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e8eaf0; --paper: #15171b; --faint: #9aa; --line: #334; --accent: #63b3ed; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin-bottom: .25rem; }
h2 { font-size: 1.1rem; margin-top: 2.2rem; }
h3 { font-size: 1rem; margin: 1.8rem 0 .3rem; }
h3 .faint { font-weight: 400; }
a { color: var(--accent); }
summary { cursor: pointer; margin: .6rem 0; }
p.lead { font-size: 1.1rem; margin-top: 0; }
.faint, figcaption { color: var(--faint); font-size: .875rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .95rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem 1rem .35rem 0; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; }
figure { margin: 1rem 0; }
img { max-width: 100%; height: auto; border-radius: 6px; background: #fff; }
code, pre { font: .9rem ui-monospace, monospace; }
pre { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
strong.number { color: var(--accent); }
""".strip()


# A page may show what stands in it, and fetch or run nothing, whatever a name tried to smuggle in.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def file_name(text: str) -> str:
    """A name, escaped, that a narrow column breaks between its parts and not within one."""
    return re.sub(r"([._/])(?=\w)", r"\1<wbr>", escaping.escape(text, quote=False))


def table(
    head: Sequence[str],
    body: Sequence[Sequence[str]],
    links: Mapping[str, str] | None = None,
) -> str:
    """A table; every cell is escaped.

    Args:
        head: Of the columns.
        body: Row by row.
        links: First cell of a row → where it leads to.
    """
    top = "".join(f"<th scope=col>{escaping.escape(cell)}</th>" for cell in head)
    lines = "".join(
        "<tr>"
        + "".join(
            f"<td>{_linked(cell, links) if at == 0 and links else escaping.escape(cell)}</td>"
            for at, cell in enumerate(row)
        )
        + "</tr>"
        for row in body
    )
    whole_table = f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"
    return f"<div class=scroll>{whole_table}</div>"


def _linked(cell: str, links: Mapping[str, str]) -> str:
    if cell not in links:
        return escaping.escape(cell)
    return f'<a href="{escaping.escape(links[cell])}">{escaping.escape(cell)}</a>'


def figure(png: bytes, alt: str, caption: str = "") -> str:
    """A picture that stands in the page itself; both texts are escaped.

    Args:
        png: The picture.
        alt: What is in it, for those who do not see it.
        caption: Below it.
    """
    data = base64.b64encode(png).decode("ascii")
    below = f"<figcaption>{escaping.escape(caption)}</figcaption>" if caption else ""
    image = f'<img src="data:image/png;base64,{data}" alt="{escaping.escape(alt, quote=True)}">'
    return f"<figure>{image}{below}</figure>"


def whole(title: str, body: str, style: str = "") -> str:
    """A page around a body that is HTML already; ``style`` is CSS that only this page needs."""
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv=Content-Security-Policy content="{POLICY}">'
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escaping.escape(title)}</title><style>\n{STYLE}\n{style}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )
