"""Build, or test, the operators' console: with the machine's Node, or with Node from a wheel.

``python tools/build_console.py [build|test]``. Node 20.19 or newer with npm is looked for on PATH;
where there is none, the locked wheel in requirements-node.lock is installed beside this Python.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONSOLE = ROOT / "central" / "console"
LOCK = ROOT / "requirements-node.lock"
LEAST = (20, 19)  # what Vite 8 needs


def main() -> None:
    """Do what the command line asks."""
    what = sys.argv[1] if len(sys.argv) > 1 else "build"
    if what not in ("build", "test"):
        sys.exit(f"{what}: neither build nor test")
    environment = _with_node()
    if not _installed():
        _npm(environment, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    if what == "test":
        _npm(environment, "run", "check", "--silent")
        _npm(environment, "test", "--silent")
        return
    _npm(environment, "run", "build", "--silent")
    (CONSOLE / "dist" / "index.html").touch()  # newer than its sources, for make


def _with_node() -> dict[str, str]:
    """Return an environment in which ``npm`` can be called."""
    found = shutil.which("node")
    if found and shutil.which("npm") and _version(found) >= LEAST:
        return dict(os.environ)
    scripts = Path(sysconfig.get_path("scripts"))
    if not (scripts / "npm").exists():
        print("no Node 20.19 or newer here: installing it from its wheel", file=sys.stderr)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            str(LOCK),
        ]
        subprocess.run(pip, check=True)
    return os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


def _installed() -> bool:
    """Return whether node_modules is what package-lock.json says."""
    made = CONSOLE / "node_modules" / ".package-lock.json"
    return made.exists() and made.stat().st_mtime >= (CONSOLE / "package-lock.json").stat().st_mtime


def _npm(environment: dict[str, str], *arguments: str) -> None:
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        sys.exit("npm is not to be found; install Node 20.19 or newer")
    done = subprocess.run([npm, *arguments], cwd=CONSOLE, env=environment, check=False)
    if done.returncode:
        sys.exit(f"npm {' '.join(arguments)} failed in {CONSOLE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
