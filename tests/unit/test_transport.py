"""TLS, proxies and redirects: the token goes to the target, to nobody else, and never to a target that is not it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme

from contracts.errors import TargetUnavailable, UsageError
from contracts.model.http import Request
from tests.harness.config.settings import settings_from, tls_of
from tests.harness.http.client import Client
from tests.harness.http.proxies import proxy_for
from tests.harness.http.timing import ClientPolicy, Timeouts
from tests.support.factories import TOKEN
from tests.support.sockets import OK, Server, ServerConnection, server_side, serving, tunnels

GET = Request("GET", "/things", (("Authorization", f"Bearer {TOKEN}"),))
ELSEWHERE = "127.0.0.2"
STARTUP_SECONDS = 0.3
"""How long a target that cannot be reached is waited for."""
"""Not this machine by name, so that proxies are for it, and yet nobody else."""


def answers(client: ServerConnection) -> None:
    while client.receive():
        client.send(OK)


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


each_scheme = pytest.mark.parametrize("url", ["https://api.test", "http://api.test"], ids=["https", "http"])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def client_of(url: str, **environment: str) -> Iterator[Client]:
    policy = ClientPolicy(timeouts=Timeouts(startup=STARTUP_SECONDS))
    client = Client(url, client_policy=policy, tls=tls_of(settings_from([], environment, None), url))
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the authority trusted as users do it."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("host", ["127.0.0.1", ELSEWHERE])
def test_certificate_of_an_authority_named_in_the_environment_is_taken(authority: trustme.CA, host: str) -> None:
    with serving(answers, host, server_side(authority, host)) as server, client_of(server.url) as client:
        reply = client.send(GET)
    assert reply.response is not None
    assert reply.response.status == 200
    assert server.received[0].values("authorization") == [f"Bearer {TOKEN}"]


def heard_nothing(server: Server) -> bool:
    with client_of(server.url) as client, pytest.raises(TargetUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        client.send(GET)
    return server.received == []


def test_certificate_of_an_unknown_authority_gets_nothing(authority: trustme.CA) -> None:
    with serving(answers, tls=server_side(authority, "127.0.0.1")) as server:
        assert heard_nothing(server)


@pytest.mark.usefixtures("trusted")
def test_certificate_for_another_host_gets_nothing(authority: trustme.CA) -> None:
    with serving(answers, tls=server_side(authority, "api.example.com")) as server:
        assert heard_nothing(server)


@pytest.mark.usefixtures("trusted")
def test_certificate_of_the_client_is_shown(authority: trustme.CA, tmp_path: Path) -> None:
    cert, key = tmp_path / "client.pem", tmp_path / "client.key"
    mine = authority.issue_cert("me@example.com")
    mine.cert_chain_pems[0].write_to_path(cert)
    mine.private_key_pem.write_to_path(key)
    given = {"PROPEXO_CLIENT_CERT": str(cert), "PROPEXO_CLIENT_KEY": str(key)}
    with serving(answers, tls=server_side(authority, "127.0.0.1", asks=True)) as server:
        with client_of(server.url, **given) as client:
            reply = client.send(GET)
        assert reply.response is not None
        assert reply.response.status == 200
        with client_of(server.url) as without, pytest.raises(TargetUnavailable):
            without.send(GET)
    assert len(server.received) == 1


@each_scheme
def test_certificate_that_cannot_be_used_is_one_sentence(url: str, authority: trustme.CA, tmp_path: Path) -> None:
    cert, key = tmp_path / "client.pem", tmp_path / "client.key"
    authority.issue_cert("a@example.com").cert_chain_pems[0].write_to_path(cert)
    authority.issue_cert("b@example.com").private_key_pem.write_to_path(key)
    for given, sentence in (
        ({"PROPEXO_CLIENT_KEY": str(key)}, "PROPEXO_CLIENT_KEY needs PROPEXO_CLIENT_CERT"),
        ({"PROPEXO_CLIENT_CERT": str(cert)}, "PROPEXO_CLIENT_CERT and PROPEXO_CLIENT_KEY cannot be used"),
        (
            {"PROPEXO_CLIENT_CERT": str(cert), "PROPEXO_CLIENT_KEY": str(key)},
            "PROPEXO_CLIENT_CERT and PROPEXO_CLIENT_KEY",
        ),
    ):
        with pytest.raises(UsageError) as caught:
            tls_of(settings_from([], given, None), url)
        assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("content", [None, "", "no PEM"], ids=["absent", "empty", "no PEM"])
@each_scheme
def test_roots_that_cannot_be_used_are_one_sentence(
    url: str, content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "roots.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(UsageError, match=r"^SSL_CERT_FILE cannot be used \(\w+\): give a file of certificates in PEM"):
        tls_of(settings_from([], {}, None), url)


@each_scheme
def test_folder_of_roots_has_to_be_there(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "absent"))
    with pytest.raises(UsageError, match=r"^SSL_CERT_DIR names no folder"):
        tls_of(settings_from([], {}, None), url)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    tls_of(settings_from([], {}, None), url)


def test_roots_are_loaded_for_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    settings = settings_from([], {}, None)
    assert tls_of(settings, "http://api.test") is None
    https = tls_of(settings, "HTTPS://api.test")
    assert https is not None
    assert https.get_ca_certs()


BROKEN_PROXIES = {
    "another scheme": "ftp://user:secret@proxy.test",
    "SOCKS": "socks5://user:secret@127.0.0.1:1080",
    "no host": "http://",
    "half an address": "http://[::1",
    "port that is none": "http://user:secret@proxy.test:port",
    "port beyond the last": "proxy.test:99999",
}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize("proxy", BROKEN_PROXIES.values(), ids=BROKEN_PROXIES)
def test_proxy_that_cannot_be_used_is_one_sentence(proxy: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(UsageError, match=f"^{variable.upper()} names no proxy that can be used") as caught:
        proxy_for(httpx.URL("https://api.test"))
    assert "secret" not in str(caught.value)
    assert proxy_for(httpx.URL("http://127.0.0.1:4010")) is None, "this machine needs none"


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)",
        "http://[",
        "http://x:99999/",
        "//",
        "\\\\x",
        "mailto:a@b",
        "%zz",
        "\xff",
        "http://user:p@/",
    ],
)
def test_odd_place_of_a_redirect_is_looked_at_by_nobody(location: str) -> None:
    answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    with serving(lambda client: (client.receive(), client.send(answer))[1]) as server, client_of(server.url) as client:
        reply = client.send(GET)
    assert reply.response is not None
    assert (reply.response.status, reply.response.header("location"), reply.fault) == (302, location, None)


@pytest.mark.usefixtures("trusted")
def test_proxy_of_the_environment_passes_on_what_it_cannot_read(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        serving(answers, tls=server_side(authority, "api.test")) as server,
        serving(tunnels(server.url)) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with client_of("https://api.test") as client:
            reply = client.send(GET)
    assert reply.response is not None
    assert reply.response.status == 200
    assert [(received.method, received.target) for received in proxy.received] == [("CONNECT", "api.test:443")]
    assert TOKEN not in str(proxy.received)
    assert server.received[0].values("authorization") == [f"Bearer {TOKEN}"]


def test_proxy_of_the_environment_is_asked_for_the_whole_url(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answers) as proxy, client_of_proxied("http://api.test", proxy, monkeypatch) as client:
        client.send(GET)
    assert [(received.method, received.target) for received in proxy.received] == [("GET", "http://api.test/things")]


@contextmanager
def client_of_proxied(url: str, proxy: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with client_of(url) as client:
        yield client


def test_host_that_needs_no_proxy_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", f"example.com,{ELSEWHERE}")
    with (
        serving(answers, ELSEWHERE) as server,
        serving(answers) as proxy,
        client_of_proxied(server.url, proxy, monkeypatch) as client,
    ):
        client.send(GET)
    assert (len(server.received), len(proxy.received)) == (1, 0)


def test_this_machine_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(answers) as server,
        serving(answers) as proxy,
        client_of_proxied(server.url, proxy, monkeypatch) as client,
    ):
        client.send(GET)
    assert (len(server.received), len(proxy.received)) == (1, 0)


def test_proxy_that_refuses_is_no_fault_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(client: ServerConnection) -> None:
        client.receive()
        client.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with (
        serving(refuses) as proxy,
        client_of_proxied("https://api.test", proxy, monkeypatch) as client,
        pytest.raises(TargetUnavailable, match="407"),
    ):
        client.send(GET)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_an_answer_and_leads_nowhere(status: int) -> None:
    with serving(answers) as other, serving(lambda client: redirects(client, status, other.url)) as server:
        with client_of(server.url) as client:
            reply = client.send(replace(GET, method="POST", body=b"{}"))
        assert reply.response is not None
        assert reply.response.status == status
        assert (len(server.received), other.connections) == (1, 0)


def redirects(client: ServerConnection, status: int, location: str) -> None:
    while client.receive():
        client.send(f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}/things\r\nContent-Length: 0\r\n\r\n".encode())


def test_path_that_looks_like_another_host_stays_a_path() -> None:
    with serving(answers) as other, serving(answers) as server:
        host = other.url.removeprefix("http:")
        targets = [f"{host}/things", f"/@{host[2:]}/things", f"/\\{host[2:]}/things"]
        with client_of(server.url) as client:
            for target in targets:
                client.send(replace(GET, target=target))
        assert [received.target for received in server.received] == targets
        assert other.connections == 0
