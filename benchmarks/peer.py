"""The peers' own environments: their dependencies are not those of the bench session."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Peer:
    distribution: str
    version: str
    extra: str = ""
    beside: tuple[str, ...] = ()
    """Requirements that share its environment."""

    @property
    def environment(self) -> Path:
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        name = "-".join(filter(None, [self.distribution, self.extra, self.version, python]))
        return ROOT / ".cache" / "bench" / name

    @property
    def requirements(self) -> list[str]:
        extra = f"[{self.extra}]" if self.extra else ""
        return [f"{self.distribution}{extra}=={self.version}", *self.beside]

    def python(self) -> Path:
        """The peer's interpreter; the first run makes its environment."""
        path = self.environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        if not self._is_in(path):
            self._create(path)
        return path

    def _is_in(self, path: Path) -> bool:
        installed = f"importlib.metadata.version('{self.distribution}')"
        check = f"import importlib.metadata, sys; sys.exit({installed} != '{self.version}')"
        return path.exists() and subprocess.run([path, "-c", check], stderr=subprocess.DEVNULL).returncode == 0

    def _create(self, path: Path) -> None:
        folder = self.environment
        print(f"Installing {' '.join(self.requirements)} into {folder.relative_to(ROOT)}", file=sys.stderr)
        if uv := shutil.which("uv"):
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
            install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", path]
        else:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            install = [path, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *self.requirements], check=True)


CPEX = Peer("cpex", "0.1.4")
PII_FILTER = Peer("cpex-pii-filter", "0.3.9")
CPEX_SERVICES = Peer("cpex", "0.1.4", extra="grpc", beside=("cpex-pii-filter==0.3.9",))
"""With what its plugin servers and their clients need, and a plugin to serve."""
