"""`python` and `torchrun` of printed commands: the real ones, two processes, and options that shorten what they run.

SHORTER is JSON: options by module, or by module and command.
"""

import json
import os
import sys

PYTHON = os.environ["PYTHON"]
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
if name == "torchrun":
    if "--nnodes" not in arguments and "--standalone" not in arguments:
        arguments.insert(0, "--standalone")  # tests beside this one may have torchrun's usual port
    processes = arguments.index("--nproc-per-node") + 1
    arguments[processes] = "1" if "--nnodes" in arguments else "2"
    arguments = ["-m", "torch.distributed.run", *arguments]
for module, options in json.loads(os.environ["SHORTER"]).items():
    words = module.split()
    if any(arguments[place : place + len(words)] == words for place in range(len(arguments))):
        arguments += options
os.execv(PYTHON, [PYTHON, *arguments])
