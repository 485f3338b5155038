"""A visitor without a browser: opens a page over Streamlit's protocol, to time the server alone."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect


async def seconds_to_open(address: str, page: str, query: str = "") -> float:
    """Seconds from asking for a page until the server has sent all of it, in a session of its own.

    Args:
        address: the server's, such as http://localhost:8501. page: its name in the URL. query: what follows the "?".
    Raises:
        RuntimeError: the page ended with an error, or the server closed the connection.
    """
    url = f"ws://{urlsplit(address).netloc}/_stcore/stream"
    async with connect(url, subprotocols=["streamlit"], max_size=None) as socket:
        ask = BackMsg()
        ask.rerun_script.page_name, ask.rerun_script.query_string = page, query
        began = time.monotonic()
        await _answer(socket, ask)
        return time.monotonic() - began


async def _answer(socket: ClientConnection, message: BackMsg) -> list[ForwardMsg]:
    """All messages of one run of the script."""
    await socket.send(message.SerializeToString())
    messages = []
    async for data in socket:
        messages.append(ForwardMsg.FromString(data))
        if messages[-1].WhichOneof("type") == "script_finished":
            if messages[-1].script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                raise RuntimeError(f"the run ended with status {messages[-1].script_finished}")
            return messages
    raise RuntimeError("the server closed the connection before the page was drawn")
