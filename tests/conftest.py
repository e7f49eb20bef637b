"""What several tests need: the course's folders, and a JupyterLab of one's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
EDITIONS = ("en", "zh-TW")
START_SECONDS = 90
os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: the tests share the cores among themselves
# Lab asks whether it may fetch news, shows it as a toast, and keeps cells out of the page that are not in view.
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that shows a copy of the students' notebooks, with settings of its own."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "course" / "notebooks")
    for name, settings in LAB_SETTINGS.items():
        path = home / "config" / "lab" / "user-settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    surroundings = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    surroundings.pop("COURSE_LANGUAGE", None)  # the notebook itself must set it
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--IdentityProvider.token="),
        f"--ServerApp.root_dir={home / 'course'}",
        # Should nobody be left to stop it, it stops by itself.
        *("--MappingKernelManager.cull_idle_timeout=600", "--ServerApp.shutdown_no_activity_timeout=600"),
    ]
    with open(home / "server.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=surroundings, cwd=home)
    try:
        yield _address(server, home)
    finally:
        _stop(server)


def _address(server: subprocess.Popen, home: Path) -> str:
    """Where the server listens: it chose a free port, and writes it down when it is ready."""
    note = home / "runtime" / f"jpserver-{server.pid}.json"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            return json.loads(note.read_text())["url"]
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{(home / 'server.log').read_text()}")


def _stop(server: subprocess.Popen) -> None:
    """Stop the server and its kernels, whatever they do."""
    processes = []
    if server.poll() is None:
        processes = psutil.Process(server.pid).children(recursive=True)
        server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    _gone, alive = psutil.wait_procs(processes, timeout=5)
    for process in alive:
        process.kill()
