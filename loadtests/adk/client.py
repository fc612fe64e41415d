"""An HTTP client that reports exactly whether a request was sent, its answer, and its failure.

Built on the connection pool and the parser of geventhttpclient, but not on its request function,
which repeats requests on its own: a load generator must know every request it made.  No cookies;
redirects only within the same address (`loadtests.adk.redirects`).
"""

from __future__ import annotations

from collections.abc import Callable

from gevent import get_hub, getcurrent
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from msgspec import Struct

from loadtests.adk import access as ways_in
from loadtests.adk import redirects, tracing
from loadtests.adk.access import Access
from loadtests.adk.compression import Packed, Unpacker
from loadtests.adk.connections import IDLE_S, Connections, SecureConnections, context_of
from loadtests.adk.response import Headers, Response
from loadtests.adk.target import address

CONNECT_TIMEOUT_S = 5.0
_LONGEST_NAME = 100
"""Characters of a replica's name; some gateways write their whole route into the header."""


class Answer(Struct, gc=False):
    """The result of one request."""

    sent: bool = False
    """Whether any byte of the request may have reached the service."""
    status: int | None = None
    body: bytes = b""
    complete: bool = False
    """The whole response arrived."""
    framed: bool = True
    """Whether the response states its length; else it ends when the connection breaks."""
    replica: str | None = None
    retry_after: float | None = None
    """Seconds, from the `Retry-After` header."""
    not_run: bool = False
    """The service promises that nothing happened (`x-diya-outcome: not-run`)."""
    error: str | None = None
    """Why there is no complete response."""
    location: str | None = None
    """The address to which a redirect leads."""
    redirect: str | None = None
    """Why a redirect was not followed."""


class _Expired(BaseException):
    """The time of a request is over.  No `except Exception` on the way may take it."""


class Client:
    """Pooled keep-alive connections to one service; made for many greenlets at once."""

    def __init__(self, base_url: str, connections: int, access: Access = ways_in.NONE) -> None:
        """At most `connections` at once; every request gets in by `access`.

        Raises ValueError when `base_url` is no http(s) URL, or when the client certificate of
        `access` cannot be used.
        """
        url = address(base_url)
        assert url.hostname is not None
        port = url.port or (443 if url.scheme == "https" else 80)
        secure = url.scheme == "https"
        self._pool = (SecureConnections if secure else Connections)(
            url.hostname,
            port,
            url.hostname,
            port,
            size=connections,
            connection_timeout=CONNECT_TIMEOUT_S,
            network_timeout=None,
            **({"ssl_context_factory": context_of(access)} if secure else {}),
        )
        self.access = access
        host = access.host() or url.netloc.rpartition("@")[2]
        self._url = url._replace(netloc=host)
        """As the server knows itself: its redirects name the `Host` that it was asked for."""
        self._prefix = url.path.rstrip("/")
        # Without this header a server may compress, and then a stream shows no text in time.
        own = {"Host": host, "Accept": "*/*", "Accept-Encoding": "identity"}
        given = {name: value for name, value in access.headers.items() if name.lower() != "host"}
        named = {name.lower() for name in given}
        shown = {name: value for name, value in own.items() if name.lower() not in named} | given
        self._headers = "".join([f"{name}: {value}\r\n" for name, value in shown.items()])

    @property
    def token_serial(self) -> int:
        """The number of the present token; see `renewed`."""
        return 0 if self.access.token is None else self.access.token.serial

    def renewed(self, refused: int, timeout: float) -> bool:
        """Whether there is another token than the refused one; waits at most `timeout` seconds."""
        token = self.access.token
        return token is not None and token.renewed(refused, timeout)

    @property
    def full(self) -> bool:
        """Whether all connections are in use, so that the next request would wait for one."""
        return self._pool.full

    def close(self) -> None:
        """Close all idle connections."""
        self._pool.close()

    def close_idle(self, unused_s: float = IDLE_S) -> None:
        """Close connections unused for this many seconds; call it often, it is not automatic."""
        self._pool.close_idle(unused_s)

    def cut(self) -> int:
        """Break every connection, as a network does; returns the number of running requests."""
        return int(self._pool.cut())

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        timeout: float,
        on_line: Callable[[bytes], None] | None = None,
        head: str = "",
    ) -> Answer:
        """Send one request, exactly once, and wait at most `timeout` seconds for all of it.

        A redirect within the same address is followed; the answer is then the last one.
        `on_line` receives the body of a 200 line by line as it arrives; any other body is in the
        answer.  `head` holds further lines of the request's head, each with its line end.  Network
        errors do not raise: they are in the answer.
        """
        answer = Answer()
        # As gevent.Timeout, in a third of the time; an answer that is there comes first.
        limit = _Expired()
        timer = get_hub().loop.timer(timeout, priority=-1)
        timer.start(getcurrent().throw, limit, update=True)
        try:
            place = self._prefix + path
            for left in reversed(range(1 + redirects.MOST)):
                self._exchange(answer, self._request(method, place, body, head), on_line)
                again = self._redirected(answer, place, left)
                if again is None:
                    break
                answer, place = Answer(), again
        except _Expired as expired:
            if expired is not limit:
                raise
            answer.error = f"no complete response within {timeout:.3g} s"
            _forget(expired)
        except HTTPConnectionClosed as closed:
            answer.error = "connection closed without a response"
            _forget(closed)
        except HTTPParseError as error:
            answer.error = f"broken response: {error}"
            _forget(error)
        except Packed as error:
            answer.error = str(error)
            _forget(error)
        except OSError as error:
            answer.error = error.strerror or str(error) or type(error).__name__
            _forget(error)
        finally:
            timer.close()
        return answer

    def _request(self, method: str, path: str, body: bytes | None, further: str) -> bytes:
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}{tracing.header()}{further}"
        if self.access.token is not None:
            head += f"Authorization: Bearer {self.access.token.value()}\r\n"
        if body is None:
            return f"{head}\r\n".encode("latin-1")
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode("latin-1") + body

    def _redirected(self, answer: Answer, path: str, left: int) -> str | None:
        """The path that a redirect leads to; None: there is none, or it is not followed.

        `left`: how many more may be followed.
        """
        if answer.location is None:
            return None
        again = redirects.followed(self._url, path, answer.status, answer.location)
        if again is None or not left:
            answer.redirect = redirects.refusal(self._url, path, answer.location)
            return None
        return again

    def _exchange(
        self,
        answer: Answer,
        request: bytes,
        on_line: Callable[[bytes], None] | None,
    ) -> None:
        sock = self._pool.get_socket()
        answer.sent = True
        try:
            # A small request goes out in one `send`; `sendall` first asks for the buffer's size.
            sent = sock.send(request)
            if sent < len(request):
                sock.sendall(request[sent:])
        except BaseException:
            self._pool.release_socket(sock)
            raise
        response = Response(sock, self._pool)
        try:
            answer.status = response.get_code()
            headers = response.headers
            _read_headers(answer, headers, self.access.replica_header)
            unpacker = _unpacker(headers)
            if on_line is not None and answer.status == 200:
                answer.framed = "content-length" in headers or "transfer-encoding" in headers
                take = on_line if unpacker is None else unpacker.lines(on_line)
                while line := response.readline():
                    take(line)
                if rest := response.read():  # a last line without its end
                    take(rest)
                if unpacker is not None:
                    unpacker.end(on_line)
            else:
                answer.body = response.read()
                if unpacker is not None:
                    answer.body = unpacker.unpacked(answer.body)
                if answer.status >= 300:
                    answer.body = self.access.without_secrets(answer.body)
            answer.complete = response.complete
        finally:
            response.release()


def _forget(error: BaseException | None) -> None:
    """Drop the error's traceback, whose frames refer to the error and so form a cycle.

    An outage would leave thousands of such cycles a second, and pauses for garbage collection.
    """
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


def _unpacker(headers: Headers) -> Unpacker | None:
    """For a compressed body; None for a plain one, and for none.  Raises Packed."""
    if "content-encoding" not in headers:
        return None
    coding = str(headers["content-encoding"])
    return None if coding.strip().lower() in ("", "identity") else Unpacker(coding)


def _read_headers(answer: Answer, headers: Headers, replica_header: str) -> None:
    if replica_header in headers:
        replica = headers[replica_header]
        answer.replica = replica[:_LONGEST_NAME] or None if isinstance(replica, str) else None
    if "x-diya-outcome" in headers:
        answer.not_run = headers["x-diya-outcome"] == "not-run"
    if redirects.is_redirect(answer.status) and "location" in headers:
        answer.location = str(headers["location"])
    if "retry-after" in headers:
        try:
            answer.retry_after = max(0.0, float(headers["retry-after"]))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            answer.retry_after = None
