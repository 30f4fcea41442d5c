"""A port in, another port out that leads to it: a TCP proxy that can reset, swallow and slow down its connections."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
CHUNK_BYTES = 65_536
RESET = struct.pack("ii", 1, 0)  # linger for 0 s: closing sends a reset instead of an orderly end


class Proxy:
    """Runs in a thread of its own; each method may be called from any other."""

    def __init__(self, target_port: int, port: int = 0) -> None:
        self.port = port
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._delay_s = 0.0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every connection and the thread."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def reset(self) -> None:
        """Reset every connection there is, on both sides; new ones pass."""
        self._tell(self._reset)

    def swallow(self) -> None:
        """Let nothing pass, and close nothing: new connections are taken, and lead nowhere. Until `heal`."""
        self._tell(self._open.clear)

    def slow(self, delay_s: float) -> None:
        """Let every piece wait for `delay_s` on its way back to the client. Until `heal`."""

        def set_delay() -> None:
            self._delay_s = delay_s

        self._tell(set_delay)

    def heal(self) -> None:
        """Let everything pass at once; what was swallowed arrives now, as after any partition of a network."""

        def pass_all() -> None:
            self._delay_s = 0.0
            self._open.set()

        self._tell(pass_all)

    def _tell(self, what: Callable[[], None]) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (what(), done.set()))
        done.wait()

    async def _start(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        self._reset()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def _reset(self) -> None:
        for writer in list(self._writers):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pump = asyncio.current_task()
        assert pump
        self._pumps.add(pump)
        self._writers.add(writer)
        try:
            await self._open.wait()
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target_port)
            self._writers.add(far_writer)
            there = asyncio.create_task(self._pump(reader, far_writer, back=False))
            try:
                await self._pump(far_reader, writer, back=True)
            finally:
                there.cancel()
                far_writer.close()
                self._writers.discard(far_writer)
        except (OSError, asyncio.CancelledError):
            return
        finally:
            writer.close()
            self._writers.discard(writer)
            self._pumps.discard(pump)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool) -> None:
        try:
            while data := await reader.read(CHUNK_BYTES):
                if back and self._delay_s:
                    await asyncio.sleep(self._delay_s)
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
