"""The peer's own environment: its dependencies are not those of the bench session."""

import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "0.1.4"
ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".cache" / "bench" / f"cpex-{VERSION}-python{sys.version_info.major}.{sys.version_info.minor}"


def python() -> Path:
    """The peer's interpreter; the first run makes its environment."""
    path = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not _has_peer(path):
        _create(path)
    return path


def _has_peer(path: Path) -> bool:
    check = f"import cpex, importlib.metadata, sys; sys.exit(importlib.metadata.version('cpex') != '{VERSION}')"
    return path.exists() and subprocess.run([path, "-c", check], stderr=subprocess.DEVNULL).returncode == 0


def _create(path: Path) -> None:
    print(f"Installing cpex {VERSION} into {ENVIRONMENT.relative_to(ROOT)}", file=sys.stderr)
    if uv := shutil.which("uv"):
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT], check=True)
        install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", path]
    else:
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        install = [path, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, f"cpex=={VERSION}"], check=True)
