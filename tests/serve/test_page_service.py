"""What the page offers beside the service, and only there."""

import re
import subprocess
import sys

import pytest
from browsing import chromium, opened, sample, settle


@pytest.fixture
def service():
    """The page beside the service, in a process of its own."""
    pytest.importorskip("fastapi", reason="needs the extra serve")
    command = [sys.executable, "-m", "thermeld", "serve", "--port", "0", "--timeout", "120"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            if found := re.search(rb"http://127\.0\.0\.1:\d+/", line):
                yield found[0].decode()
                break
        process.terminate()


@pytest.mark.slow
def test_beside_the_service_it_aligns_and_scores_more(service):
    with chromium() as browser:
        aligned_and_scored(opened(browser.new_context(), service))


def aligned_and_scored(tab):
    sample(tab, "Cameras apart")
    tab.get_by_role("button", name="Align automatically").click()
    tab.wait_for_selector("#warp-save:not([disabled])")
    settle(tab)
    assert "Aligned by the server (confidence" in tab.inner_text("#state")
    tab.get_by_role("button", name="All metrics, by this server").click()
    tab.wait_for_selector("#metrics tr:nth-child(20), #score-problem:not([hidden])")
    assert tab.inner_text("#score-problem") == ""
    assert {"VIF", "Qabf", "SSIM"} <= set(tab.eval_on_selector_all("#metrics th", NAMES))
    assert not tab.faults


NAMES = "cells => cells.map(cell => cell.textContent)"
