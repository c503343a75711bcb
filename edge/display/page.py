"""The page itself, with the present screen already in it.

1. It says the right thing before any script has run, and where none ever runs: without JavaScript
   the browser goes to a plain page, which asks again every ``AGAIN`` seconds. A script that does
   not arrive in time leaves the style sheet to say that help is coming: it needs no script.
2. Every text is escaped on its way into the page.
3. ``EDITION`` names the files that a page was made from. A page that hears of another one is an old
   tab, and loads itself anew.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

STATIC = Path(__file__).parent / "static"
AGAIN = 2  # s between two looks of a page without scripts


def _edition() -> str:
    files = sorted(path for path in STATIC.iterdir() if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


EDITION = _edition()


def render(now: Mapping[str, Any], alone: Mapping[str, Any], *, plain: bool = False) -> str:
    """Return the page that shows ``now``; ``plain`` is the one that needs no script."""
    first, *others = now["texts"]
    words = {f"word_{key}": html.escape(word) for key, word in now["words"].items()}
    template = Template((STATIC / "index.html").read_text(encoding="utf-8"))
    return template.substitute(
        words,
        lang=html.escape(first["code"]),
        dir=first["direction"],
        screen=now["screen"],
        tone=now["tone"],
        first=html.escape(first["text"]),
        notice=html.escape(now["notice"]),
        others="".join(map(_item, others)),
        alone_lang=html.escape(alone["texts"][0]["code"]),
        alone_dir=alone["texts"][0]["direction"],
        alone_text=html.escape(alone["texts"][0]["text"]),
        alone=html.escape(json.dumps(alone, ensure_ascii=False)),
        edition=EDITION,
        script="" if plain else _SCRIPT,
    )


_SCRIPT = (
    '<noscript><meta http-equiv="refresh" content="0;url=/plain" /></noscript>\n'
    '    <script type="module" src="/static/screen.js"></script>'
)


def _item(said: Mapping[str, str]) -> str:
    code, text = html.escape(said["code"]), html.escape(said["text"])
    return f'<li lang="{code}" dir="{said["direction"]}">{text}</li>'
