"""The wheel carries all that the commands need: built, installed in a fresh environment, run from another folder."""

import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = """
from pathlib import Path
import ops
from ops.shipped import shipped
from ops.stack.jars import pinned
assert "site-packages" in ops.__file__, ops.__file__
assert len(pinned()) > 40
for name in ("catalogs/retail.toml", "catalogs/traffic.toml", "data/retail/README.md", "data/traffic/README.md"):
    assert "share/headgate" in str(shipped(name)), shipped(name)
assert shipped("examples/own-data/catalog.toml")
assert list(shipped("data/retail").glob("*.xz"))
assert list(Path(ops.__file__).parent.glob("console/static/*"))
"""


def run(*words: object, cwd: Path) -> str:
    """Return what a command prints; its error output is the failure's text."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of an environment that has our wheel, and this environment's other packages."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "build", "dist", "tests", "benchmarks")
    shutil.copytree(ROOT, folder / "source", ignore=ignored)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=folder / "source")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "fresh", cwd=folder)
    python = folder / "fresh" / "bin" / "python"
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()) + "\n")  # 300 MB not installed twice
    wheel = next(folder.glob("*.whl"))
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    return folder / "fresh" / "bin"


def test_the_command_runs_from_another_folder(installed: Path, tmp_path: Path):
    """No import leans on the current folder."""
    assert "keep an embedded Kafka and Valkey running" in run(installed / "headgate", "--help", cwd=tmp_path)
    assert "--kafka-port" in run(installed / "headgate", "up", "--help", cwd=tmp_path)


def test_the_wheel_carries_catalogs_data_and_pins(installed: Path, tmp_path: Path):
    """What the demo reads is found without the clone."""
    run(installed / "python", "-c", NEEDED, cwd=tmp_path)
