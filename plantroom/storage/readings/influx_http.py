"""InfluxDB 2.x over HTTP: writes through influxdb-client, InfluxQL on ``/query``, errors by what helps."""

import json
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plantroom.errors import NotAllowed, NothingLeft, NotThere, Unreachable

if TYPE_CHECKING:
    import httpx

WHAT = "InfluxDB"
CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 30.0

CONFIRMED = 204
"""The one status by which the server says that it has written, or deleted, what it was given."""


@dataclass(frozen=True, slots=True)
class InfluxTarget:
    """Where the readings are: server, credentials, organisation, bucket."""

    host: str
    port: int
    token: str
    org: str
    bucket: str
    tls: bool = False

    @property
    def url(self) -> str:
        """Address of the server's HTTP API."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def address(self) -> str:
        """The bucket as ``PLANTROOM_READINGS_URL`` names it, without the token."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"influxdb{'s' if self.tls else ''}://{host}:{self.port}/{self.org}/{self.bucket}"

    @property
    def what(self) -> str:
        """Names the server in messages, without the token."""
        return f"{WHAT} {self.host}:{self.port}"


class TooLarge(Exception):
    """The server refuses the size of the request (413)."""


class Refused(Exception):
    """The server refuses the content of the request (400, 422), with its own words."""


def problem(target: InfluxTarget, status: int, body: str, retry_after: str | None = None) -> Unreachable:
    """The error to raise for an HTTP status that waiting, or somebody, can change."""
    said = _message(body)
    wait = None
    with suppress(TypeError, ValueError):
        wait = max(0.0, float(retry_after)) if retry_after is not None else None
    if "no space left" in said or "disk quota" in said:
        return NothingLeft(target.what, f"its disk is full ({said})", wait)
    known = {
        401: "the token is not accepted (401); check the token in PLANTROOM_READINGS_URL",
        403: f"the token may not use bucket {target.bucket!r} (403)",
        404: f"organisation {target.org!r} or bucket {target.bucket!r} is not there (404)",
        429: "asks to wait (429)",
    }
    text = known.get(status, f"answered {status}")
    error = {401: NotAllowed, 403: NotAllowed, 404: NotThere}.get(status, Unreachable)
    return error(target.what, f"{text}: {said}" if said else text, wait)


def _message(body: str) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        return body.strip()[:500]
    if isinstance(document, dict):
        return str(document.get("message") or document.get("error") or "")[:500]
    return body.strip()[:500]


class InfluxConnection:
    """Both HTTP clients of one target. Safe to use from several threads."""

    def __init__(self, target: InfluxTarget) -> None:
        import httpx
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.service.write_service import WriteService

        self.target = target
        context = ssl.create_default_context() if target.tls else None
        milliseconds = (round(CONNECT_TIMEOUT_S * 1000), round(ANSWER_TIMEOUT_S * 1000))
        # One thread may hold each of these for long; the default pool of two would make the others wait.
        client: Any = InfluxDBClient(
            url=target.url,
            token=target.token,
            org=target.org,
            timeout=milliseconds,
            ssl_context=context,
            connection_pool_maxsize=8,
        )
        self._client = client
        service: Any = WriteService
        self._writes = service(client.api_client)
        self._http = httpx.Client(
            base_url=target.url,
            headers={"Authorization": f"Token {target.token}"},
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            verify=context if context is not None else False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the pools of both clients."""
        self._http.close()
        self._client.close()

    def write(self, body: bytes) -> None:
        """One request of line protocol in milliseconds, lines with their feeds; returns once the server has confirmed
        it (204).

        Raises ``TooLarge``, ``Refused``, ``Unreachable``, ``NothingLeft``. Any other answer is no confirmation, and no
        word on the content either: ``Unreachable``.
        """
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        org, bucket = self.target.org, self.target.bucket
        try:
            # Left to itself the client decodes every body as UTF-8 before it looks at the status, takes any 2xx for a
            # confirmation and follows a proxy to its page.
            answer = self._writes.post_write(
                org,
                bucket,
                body,
                precision="ms",
                _preload_content=False,
                _return_http_data_only=True,
                urlopen_kw={"redirect": False},
            )
            said = _text(answer.data)
        except ApiException as error:
            if not error.status:
                raise Unreachable(self.target.what, f"does not answer ({error.reason})") from error
            self._raise_for(error.status, error.body or b"", _header(error.headers, "Retry-After"), error)
        except HTTPError as error:
            raise Unreachable(self.target.what, f"does not answer ({_cause(error)})") from error
        else:
            if answer.status != CONFIRMED:
                raise problem(self.target, answer.status, said, _header(answer.headers, "Retry-After"))

    def _raise_for(self, status: int, body: bytes, retry_after: str | None, cause: Exception) -> None:
        text = _text(body)
        if status == 413:
            raise TooLarge(_message(text)) from cause
        if status in {400, 422} and not _is_page(body):
            raise Refused(_message(text)) from cause
        raise problem(self.target, status, text, retry_after) from cause

    def query(self, statements: Sequence[str]) -> list[list[Mapping[str, Any]]]:
        """InfluxQL statements in one request; for each its series (``name``, ``tags``, ``columns``, ``values``).

        Instants are milliseconds. Raises ``Unreachable`` or ``NothingLeft``.
        """
        form = {"db": self.target.bucket, "epoch": "ms", "q": ";".join(statements)}
        document = self.request("POST", "/query", data=form)
        answers: dict[int, list[Mapping[str, Any]]] = {number: [] for number in range(len(statements))}
        try:
            for result in document["results"]:
                if "error" in result:
                    raise Unreachable(self.target.what, f"refused a query: {result['error']}")
                answers[result.get("statement_id", 0)] += result.get("series", [])
        except (KeyError, TypeError, AttributeError) as error:
            raise Unreachable(self.target.what, "answered a query with something else; is it InfluxDB?") from error
        return list(answers.values())

    def delete(self, span: Mapping[str, str]) -> None:
        """Delete everything in the bucket from ``start`` to ``stop``. Raises ``Unreachable`` or ``NothingLeft``."""
        where = {"org": self.target.org, "bucket": self.target.bucket}
        answer = self._answer("POST", "/api/v2/delete", params=where, json=span)
        if answer.status_code != CONFIRMED:
            raise problem(self.target, answer.status_code, answer.text)

    def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """A JSON document from the server's HTTP API. Raises ``Unreachable`` or ``NothingLeft``."""
        import orjson

        answer, document = self._answer(method, path, **options), None
        with suppress(ValueError):
            document = orjson.loads(answer.content)
        if not isinstance(document, dict):
            text = f"answered something that is not JSON ({answer.status_code}); is it InfluxDB?"
            raise Unreachable(self.target.what, text)
        return document

    def _answer(self, method: str, path: str, **options: Any) -> "httpx.Response":
        import httpx

        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Unreachable(self.target.what, f"does not answer ({_cause(error)})") from error
        if answer.status_code >= 300:
            raise problem(self.target, answer.status_code, answer.text, answer.headers.get("Retry-After"))
        return answer


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _is_page(body: bytes) -> bool:
    """Whether somebody before the server wrote this: its own words on a request are JSON or plain text."""
    try:
        return body.decode().lstrip().startswith("<")
    except UnicodeDecodeError:
        return True


def _header(headers: Any, name: str) -> str | None:
    return headers.get(name) if headers else None


def _cause(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error or type(error).__name__)
