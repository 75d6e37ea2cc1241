"""The limit: uvicorn with an application that sends constant bytes, of the size and with the headers of Dateline's.

`ANSWERS` names a JSON file: by path the status, the headers and the body.
"""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Message = dict[str, Any]


def _messages(answer: Message) -> tuple[Message, Message]:
    headers = [(name.encode(), value.encode()) for name, value in answer["headers"]]
    start = {"type": "http.response.start", "status": answer["status"], "headers": headers}
    return start, {"type": "http.response.body", "body": answer["body"].encode()}


ANSWERS = {
    path: _messages(answer)
    for path, answer in json.loads(Path(os.environ["ANSWERS"]).read_text(encoding="utf-8")).items()
}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Send what is kept for the path."""
    del receive  # nothing of the request matters
    start, body = ANSWERS[scope["path"]]
    await send(start)
    await send(body)
