"""The system's Firefox for Playwright, over WebDriver BiDi: `launch_firefox(playwright)`.

Run as a script, it starts Firefox with the script's arguments and answers the one Playwright command that releases up
to 153 do not know, a colour scheme for a page; all other commands and events pass.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

UNKNOWN = "emulation.setMediaFeaturesOverride"


def find_firefox() -> str | None:
    """Return the path of a Firefox on the PATH; None without any."""
    return shutil.which("firefox") or shutil.which("firefox-esr")


def launch_firefox(playwright: Playwright, folder: Path) -> Browser:
    """Start headless Firefox. folder: where to write the command that Playwright starts."""
    command = folder / "firefox.sh"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
    command.chmod(0o755)
    # Pages kept for *Back* are not loaded again, and Playwright waits for that.
    prefs: dict[str, str | float | bool] = {"browser.sessionhistory.max_total_viewers": 0}
    return playwright.firefox.launch(
        channel="moz-firefox", executable_path=command, headless=True, firefox_user_prefs=prefs
    )


async def _serve() -> None:
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import serve

    whole: dict[str, Any] = {"max_size": None, "compression": None}
    path = find_firefox()
    assert path is not None
    firefox = await asyncio.create_subprocess_exec(path, *sys.argv[1:], stderr=asyncio.subprocess.PIPE)
    url = ""

    async def pass_on(client: Any) -> None:
        async with connect(f"{url}{client.request.path}", **whole) as session:

            async def send_commands() -> None:
                async for message in client:
                    command = json.loads(message)
                    if command["method"] == UNKNOWN:
                        await client.send(json.dumps({"type": "success", "id": command["id"], "result": {}}))
                    else:
                        await session.send(message)
                await session.close()

            commands = asyncio.create_task(send_commands())
            async for message in session:
                await client.send(message)
            await asyncio.gather(client.close(), commands)

    assert firefox.stderr is not None
    async for output in firefox.stderr:
        line = output.decode(errors="replace")
        if address := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            url = address[1]
            server = await serve(pass_on, "127.0.0.1", 0, **whole)
            port = server.sockets[0].getsockname()[1]
            line = line.replace(url, f"ws://127.0.0.1:{port}")
        print(line, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
