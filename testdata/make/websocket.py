"""An echo over WebSocket: websocket.py serve PORT... | websocket.py ask URL"""

import asyncio
import sys

import websockets


async def echo(connection, _path=None):
    async for message in connection:
        await connection.send(message)


async def serve(ports):
    for port in ports:
        await websockets.serve(echo, "0.0.0.0", int(port))
    await asyncio.Future()


async def ask(url):
    async with websockets.connect(url) as connection:
        for message in ("hello", b"\x00\x01\x02\x03"):
            await connection.send(message)
            assert await connection.recv() == message


verb, *words = sys.argv[1:]
asyncio.run(serve(words) if verb == "serve" else ask(*words))
