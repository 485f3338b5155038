"""A first visit's tasks in Firefox: the story's links, and menus that were closed. Its own protocol: WebDriver BiDi."""

import json
import shutil

import pytest

from precomputed.static_site.check import firefox
from tests.browser.step_links import SEEN, STEP_LINKS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not any(map(shutil.which, ("firefox", "firefox-esr"))), reason="there is no Firefox here"),
]
# Parts by selector and text, also within components; the page at rest; and waiting until something is so.
TOOLS = """
const within = (root) => [...root.querySelectorAll('*')].flatMap(({ shadowRoot }) => shadowRoot ?? []);
const all = (selector, root = document) =>
  [...root.querySelectorAll(selector), ...within(root).flatMap((inner) => all(selector, inner))];
const find = (selector, text) =>
  all(selector).find((part) => part.checkVisibility() && part.textContent.includes(text));
const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const drawn = () => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
  && document.querySelector('.st-key-footer') && document.documentElement.dataset.shown;
const until = async (so) => {
  for (const end = performance.now() + 90_000; performance.now() < end; await rest(100)) if (so()) return so();
  throw Error(`waited in vain: ${so}`);
};
const click = async (selector, text = '') => {
  (await until(() => find(selector, text))).click();
  await rest(800);
  await until(drawn);
};
"""


@pytest.fixture
def visit(streamlit_app):
    """`visit(path, script)` -> what the script, with `TOOLS`, returns on the app's page at that path, as JSON."""

    def visited(path: str, *scripts: str):
        with firefox(f"{streamlit_app('app.py')}/{path}", False) as (evaluate, resize):
            resize(1440)
            for script in scripts:
                found = evaluate(f"(async () => {{ {TOOLS} await until(drawn); {script} }})()")
        return found

    return visited


@pytest.mark.parametrize("step", STEP_LINKS)
def test_each_link_of_the_story_leads_to_what_it_promises(visit, step):
    # The link loads another page, which ends the script: the wait goes on in the next one.
    leave = (
        "document.documentElement.dataset.left = ''; setTimeout(() => find('.button-link', '').click(), 0); return ''"
    )
    arrive = f"""
    await until(() => !('left' in document.documentElement.dataset));
    await until(drawn);
    const parts = {json.dumps(STEP_LINKS[step])};
    const seen = ([selector, text]) => {{
      const box = find(selector, text)?.getBoundingClientRect();
      return box && box.top >= 50 && box.top + Math.min(box.height, {SEEN}) <= innerHeight;
    }};
    await until(() => parts.every(seen)).catch(() => 0);
    return JSON.stringify(parts.filter((part) => !seen(part)));
    """
    assert visit(f"story?step={step}", leave, arrive) == "[]"


def test_a_menu_that_was_opened_and_closed_does_not_take_back_what_the_page_sets_later(visit):
    titles = visit(
        "frequency",
        """
    await click('button', 'Maps');
    await click('button', 'Maps');
    await click('.st-key-frequency-figures button', 'Figure 2');
    await until(() => find('.title', 'ResNet-50'));
    await click('.st-key-frequency-tools button', 'Classes');
    return JSON.stringify(all('.map .title').map((title) => title.textContent));
    """,
    )
    assert titles.startswith('["ResNet-50') and "EfficientNet-Lite0" in titles
