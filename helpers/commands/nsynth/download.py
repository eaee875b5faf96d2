"""A file on the web as a stream of bytes that outlives a bad line.

A connection that breaks, stalls or is refused for the moment is made again, and the stream goes
on at the byte where it stood: what reads from it, a decompressor perhaps, notices nothing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests
    import tenacity

RETRIED = (408, 425, 429)  # statuses that may pass, as may every 5xx
_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+|\*)")


class DownloadError(Exception):
    """A file on the web is missing, not the one expected, or cannot be read to its end."""


class Download(io.RawIOBase):
    """The bytes of a file on the web, once and in order.

    `size`: how many bytes there have to be. Without it the first answer decides. `timeout`: seconds
    to wait for a connection, or for more bytes, before it is made again. `attempts`: how often in a
    row to try without a single new byte. `wait`: seconds that the first pause between attempts may
    last; each next one may last twice as long, up to half a minute. `say`: gets a line of text with
    each new attempt. Raises `DownloadError` when read: if the server refuses (404 and the like),
    the file is not of `size` bytes or changes on the server meanwhile, or all attempts fail.
    """

    def __init__(
        self,
        url: str,
        size: int | None = None,
        timeout: float = 30,
        attempts: int = 12,
        wait: float = 1,
        say: Callable[[str], object] = print,
    ):
        import tenacity

        self.url, self.size = url, size
        self._timeout, self._say = timeout, say
        self._position, self._version = 0, ""
        self._response: requests.Response | None = None
        self._persist = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(attempts),
            wait=tenacity.wait_random_exponential(multiplier=wait, max=30),
            retry=tenacity.retry_if_exception(_may_pass),
            before_sleep=self._announce,
            reraise=True,
        )

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes, at most as many as `buffer` holds; 0 only at the file's end."""
        try:
            data = self._persist(self._read_some, len(buffer))
        except DownloadError:
            raise
        except Exception as error:
            raise DownloadError(
                f"{self.url}: cannot be read beyond byte {self._position:,} ({error}): check the "
                "address and the connection, then start again"
            ) from error
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _read_some(self, limit: int) -> bytes:
        if self.size is not None and self._position >= self.size:
            return b""
        try:
            if self._response is None:
                self._connect()
            data = self._response.raw.read(limit)
            if not data and self.size is not None:
                raise EOFError(f"the connection closed {self.size - self._position:,} bytes early")
            return data
        except BaseException:
            self._drop()
            raise

    def _connect(self) -> None:
        import requests

        # Bytes as they are stored: Range counts those.
        headers = {"Accept-Encoding": "identity"}
        if self._position:
            headers["Range"] = f"bytes={self._position}-"
        self._response = requests.get(self.url, headers=headers, stream=True, timeout=self._timeout)
        status = self._response.status_code
        if status in RETRIED or status >= 500:
            raise ConnectionError(f"status {status} {self._response.reason}")
        if status == 416:
            raise DownloadError(
                f"{self.url}: ends before byte {self._position:,}, where it has to go on: it "
                "changed on the server, start again"
            )
        if status not in (200, 206):
            raise DownloadError(
                f"{self.url}: status {status} {self._response.reason}: check the address"
            )
        start, size = self._extent()
        if size is not None and self.size not in (None, size):
            raise DownloadError(
                f"{self.url}: {size:,} bytes long, expected {self.size:,}: another file stands "
                "there, check the address"
            )
        version = self._response.headers.get("ETag") or self._response.headers.get("Last-Modified")
        if self._version and version and self._version != version:
            raise DownloadError(f"{self.url}: changed on the server meanwhile, start again")
        self.size, self._version = self.size or size, self._version or version or ""
        # A server without Range starts at the beginning each time.
        while start < self._position:
            skipped = self._response.raw.read(min(1 << 18, self._position - start))
            if not skipped:
                raise EOFError(f"the connection closed before byte {self._position:,}")
            start += len(skipped)

    def _extent(self) -> tuple[int, int | None]:
        """The first byte of an answer, and how long the whole file is (None if untold)."""
        if self._response.status_code == 200:
            length = self._response.headers.get("Content-Length", "")
            return 0, int(length) if length.isdecimal() else None
        found = self._response.headers.get("Content-Range", "")
        start, size = parse_content_range(found) or (None, None)
        if start is None or start > self._position:
            raise DownloadError(
                f"{self.url}: asked for bytes from {self._position:,} on, the server sent "
                f"{found or 'some that it does not name'!r}: use another server"
            )
        return start, size

    def _drop(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def _announce(self, state: tenacity.RetryCallState) -> None:
        self._say(
            f"{self.url}: {state.outcome.exception()}; again from byte {self._position:,} in "
            f"{state.next_action.sleep:.1f} s"
        )


def parse_content_range(header: str) -> tuple[int, int | None] | None:
    """First byte and whole size (None for `*`) of a Content-Range; None if it is not one."""
    match = _CONTENT_RANGE.fullmatch(header)
    if not match or int(match[1]) > int(match[2]):
        return None
    size = None if match[3] == "*" else int(match[3])
    return None if size is not None and int(match[2]) >= size else (int(match[1]), size)


def _may_pass(error: BaseException) -> bool:
    from urllib3.exceptions import HTTPError

    # requests' own errors are OSErrors; one that is a ValueError as well is about the address.
    return isinstance(error, (OSError, HTTPError, EOFError)) and not isinstance(error, ValueError)
