"""A chapter in JupyterLab, as a reader runs it: all cells, a slider, a sound."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from tools.common import ROOT

CHAPTER = "01_background.ipynb"


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab over a copy of a chapter."""
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "book" / CHAPTER, tmp_path / "book")
    log = tmp_path / "log"
    options = ["--no-browser", "--allow-root", "--port=0", "--ServerApp.token="]
    places = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    with log.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={tmp_path}/book"],
            stderr=file, stdout=file, env=os.environ | places, start_new_session=True,
        )  # fmt: skip
    while not (found := re.search(r"http://localhost:(\d+)/lab", log.read_text())):
        assert server.poll() is None, log.read_text()
    yield f"http://127.0.0.1:{found[1]}/"
    os.killpg(server.pid, signal.SIGKILL)  # asked to end, it waits for its kernels
    server.wait()


@pytest.mark.long
def test_a_chapter_runs_in_jupyterlab(browser, lab):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(300_000)
    page.goto(f"{lab}lab/tree/{CHAPTER}")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.locator(".lm-MenuBar-item", has_text="Run").click()
    page.locator(".lm-Menu-item", has_text=re.compile("^Run All Cells")).click()
    page.locator('.interactive[data-kind="border"]').wait_for(state="attached")
    assert not page.locator(".jp-OutputArea-output[data-mime-type*=error]").count()

    # A slider of ipywidgets asks the kernel.
    handle = page.locator(".widget-slider [role=slider]").first
    handle.scroll_into_view_if_needed()
    said = page.locator(".widget-label", has_text="loss")
    said.get_by_text("loss 0.6931").wait_for()
    handle.press("ArrowRight")
    said.get_by_text(re.compile(r"loss (?!0\.6931)\d\.\d{4}")).wait_for()

    # A part of the book's own computes in the page.
    part = page.locator('.interactive[data-kind="border"]')
    part.scroll_into_view_if_needed()
    part.get_by_text("Epoch 30:").wait_for()
    part.get_by_role("slider", name="epoch").press("Home")
    part.get_by_text("Epoch 0: training loss 0.693 nats").wait_for()

    player = page.locator("audio").first
    player.scroll_into_view_if_needed()
    player.evaluate("async (audio) => { audio.muted = true; await audio.play(); }")
    page.wait_for_function("document.querySelector('audio').currentTime > 0.1")
    page.close()
