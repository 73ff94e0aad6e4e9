"""The report in a real browser, without a network: what a reader sees and does."""

import json
import shutil

import pytest
from helpers.report_folders import blocks_of, tables_of, written

from vcperf.report import page

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=document.title='run'>"
OPTIONS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --window-size=1300,1000""".split()
OWN = ("file:", "data:", "blob:")  # addresses that lead to no network


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The address of the report of 10,000 blocks, a path of which is named like HTML."""
    folder = tmp_path_factory.mktemp("report")
    paths = [f"{HOSTILE}->d", *(f"c{n}->d" for n in range(9))]
    tables = tables_of(blocks_of(paths, [1, 2, 3, 4, 5], 100), says=HOSTILE)
    written(folder, tables, ("curve", "claims"))
    page.write(str(folder), str(folder / "report.html"))
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    from selenium import webdriver

    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    absent = [name for name, path in programs.items() if path is None]
    if absent:
        pytest.skip(f"needs {' and '.join(absent)} (envs/debian-browser.txt)")
    options = webdriver.ChromeOptions()
    options.binary_location = programs["chromium"]
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(programs["chromedriver"])
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium, report):
    """The report, just opened; afterwards nothing was complained of, and nothing fetched."""
    chromium.get("about:blank")
    for log in ("browser", "performance"):
        chromium.get_log(log)  # of before
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    chromium.set_window_size(1300, 1000)
    chromium.get(report)
    yield chromium
    assert chromium.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    asked = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
    urls = [params["request"]["url"] for params in asked]
    assert urls and [url for url in urls if not url.startswith(OWN)] == []


def find(browser, selector):
    return browser.find_elements("css selector", selector)


def wait(browser, condition):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 60).until(lambda _: condition())


def open_table(browser, name):
    """Click on a table, and wait for its rows."""
    find(browser, f"#table-{name} > summary")[0].click()
    wait(browser, lambda: find(browser, f"#table-{name} tbody td"))


def column(browser, name, title):
    """The values of a column on the page that a table shows."""
    script = """
        const table = document.querySelector(`#table-${arguments[0]} .dt-scroll-body table`);
        const heads = [...document.querySelectorAll(`#table-${arguments[0]} .dt-scroll-head th`)];
        const at = heads.findIndex((head) => head.textContent.startsWith(arguments[1]));
        return [...table.tBodies[0].rows].map((row) => row.cells[at].textContent);"""
    return browser.execute_script(script, name, title)


def test_figures_are_visible_and_grow_with_a_click(browser):
    images = find(browser, "#figures img")
    shown = "return arguments[0].complete && arguments[0].naturalWidth"
    assert len(images) == 2
    for image in images:
        wait(browser, lambda image=image: browser.execute_script(shown, image))
        assert image.is_displayed() and image.size["width"] > 200
    find(browser, "#figure-curve button")[0].click()
    large = find(browser, "#large img")[0]
    width = large.size["width"]
    assert width > find(browser, "#figure-curve img")[0].size["width"]
    find(browser, "#large [aria-label=Larger]")[0].click()
    assert large.size["width"] > width
    find(browser, "#large [value=close]")[0].click()
    assert not large.is_displayed()


def test_a_table_of_ten_thousand_rows_sorts_and_filters(browser):
    open_table(browser, "netperf")
    assert "10,000" in find(browser, "#table-netperf .dt-info")[0].text
    head = next(h for h in find(browser, "#table-netperf .dt-scroll-head th") if "block" in h.text)
    head.click()
    wait(browser, lambda: set(column(browser, "netperf", "block")) == {"1"})
    head.click()
    wait(browser, lambda: set(column(browser, "netperf", "block")) == {"100"})
    find(browser, "#table-netperf input[type=search]")[0].send_keys("c3->d wide")
    wait(browser, lambda: "of 500 " in find(browser, "#table-netperf .dt-info")[0].text)
    assert set(column(browser, "netperf", "path")) == {"c3->d"}
    assert set(column(browser, "netperf", "pinning")) == {"wide"}
    assert any(button.text == "Add Condition" for button in find(browser, "#table-netperf button"))


def test_names_are_shown_as_they_are_and_never_run(browser):
    open_table(browser, "pinnings")
    find(browser, "#table-pinnings input[type=search]")[0].send_keys("onerror")
    wait(browser, lambda: set(column(browser, "pinnings", "path")) == {f"{HOSTILE}->d"})
    assert HOSTILE in find(browser, "#verdicts")[0].text
    assert HOSTILE in find(browser, "#differences")[0].get_attribute("textContent")
    assert not find(browser, "img[src=x]") and browser.title == "vcperf: report of a campaign"


def test_a_link_to_a_table_opens_it(browser):
    browser.execute_script("location.hash = '#table-netperf_summary'")
    wait(browser, lambda: find(browser, "#table-netperf_summary tbody td"))


def test_a_flame_graph_zooms_and_marks_functions(browser):
    find(browser, "#flames summary")[0].click()
    wait(browser, lambda: find(browser, "#flames svg rect"))
    frames = {frame.text: frame for frame in find(browser, "#flames svg g")}
    assert set(frames) == {"all", "main", "receive", "send"}
    widths = [frames[name].rect["width"] for name in ("main", "send")]
    assert widths[1] == pytest.approx(0.6 * widths[0], abs=2)  # of 500 samples, 300
    frames["send"].click()
    assert frames["send"].rect["width"] == pytest.approx(widths[0], abs=2)
    assert not frames["receive"].is_displayed() and frames["main"].is_displayed()
    find(browser, "#flames button")[0].click()
    assert frames["receive"].is_displayed()
    assert frames["send"].rect["width"] == pytest.approx(widths[1], abs=2)
    find(browser, "#flames input")[0].send_keys("REC")
    assert find(browser, "#flames output")[0].text == "40.0 % of the samples"


def test_a_narrow_screen_and_dark_mode_are_readable(browser):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": True},
    )
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": features})
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 380
    colours = "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
    text, back = (sum(map(int, c[4:-1].split(", "))) for c in browser.execute_script(colours))
    assert text > 500 and back < 150
    open_table(browser, "netperf")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 380
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_print_has_findings_and_figures_and_no_controls(browser):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    assert not find(browser, "nav")[0].is_displayed()
    assert not find(browser, "#table-netperf")[0].is_displayed()
    for section in ("#verdicts table", "#differences table", "#doubts", "#figures img"):
        assert find(browser, section)[0].is_displayed()
