"""The guard around addresses that people type in: no way leads inside, however it is written or answered."""

import ipaddress
import ssl
import threading

import httpcore
import pytest

from couveuse.channels import guarded
from couveuse.channels.guarded import Allowed, Client, NotAllowed, checked, has_left, is_outside, judged, retry_after
from couveuse.errors import BadInput
from tests.channels.servers import http_server

NOBODY = Allowed()


@pytest.fixture
def hooks():
    with http_server() as hooks:
        yield hooks


def post(client, url):
    try:
        return client.post(url, {}, b"{}")
    finally:
        client.close()


def test_it_works(hooks):
    hooks.script = [(200, {"Retry-After": "7"}, b"taken")]
    answer = post(Client(Allowed.of(["127.0.0.0/8"])), f"{hooks.url}/a?b=c")
    assert (answer.status, answer.body, answer.retry_after) == (200, b"taken", 7.0)
    ((path, headers, body),) = hooks.got
    assert (path, headers["host"], body) == ("/a?b=c", f"127.0.0.1:{hooks.port}", b"{}")


INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::1", "::", "fe80::1", "fe80::1%1", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1", "100::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::", "3fff::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_of_the_inside_are_told_in_every_form(address):
    assert not is_outside(ipaddress.ip_address(address))
    with pytest.raises(NotAllowed, match="COUVEUSE_PRIVATE_HOSTS"):
        judged([address], "hook.example.com", NOBODY)


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1"],
)
def test_addresses_of_the_open_network_are_reached(address):
    assert judged([address], "hook.example.com", NOBODY) == [address]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/",
        "javascript:alert(1)", "https://", "https:///x", "https://user:pass@example.com/", "https://example.com@127.0.0.1/",
        "https://127.0.0.1\\@example.com/", "https://example.com:0/", "https://example.com:99999/",
        "https://example.com:x/", "https://exa mple.com/", "https://example.com/\r\nHost: evil", "https://example.com/#x",
        "https://[::1", "https://é.example.com/", "https://example.com/" + "x" * 3_000, "", "example.com",
        "data:text/html,x", "unix:/var/run/docker.sock",
    ],
)  # fmt: skip
def test_an_address_that_is_not_plainly_https_is_refused(url):
    with pytest.raises(NotAllowed):
        checked(url, NOBODY)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "0", "localhost", "localhost.",
             "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "LOCALHOST", "[0:0:0:0:0:ffff:7f00:1]"],
)  # fmt: skip
def test_this_machine_is_not_reached_under_any_of_its_names(hooks, host):
    with pytest.raises((NotAllowed, httpcore.ConnectError)):
        post(Client(NOBODY), f"https://{host}:{hooks.port}/")
    assert hooks.got == []


def told_by_names(monkeypatch, *answers):
    """Names answer so, one answer after the other; what is asked is kept."""
    left, asked = list(answers), []

    def look_up(host, port, timeout):
        asked.append(host)
        return left.pop(0)

    monkeypatch.setattr(guarded, "look_up", look_up)
    return asked


def test_a_name_that_leads_inside_is_refused(hooks, monkeypatch):
    told_by_names(monkeypatch, ["127.0.0.1"])
    with pytest.raises(NotAllowed):
        post(Client(NOBODY), f"https://hook.example.com:{hooks.port}/")
    assert hooks.got == []


def test_a_name_with_one_address_of_the_inside_among_others_is_refused(monkeypatch):
    told_by_names(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(NotAllowed):
        post(Client(NOBODY), "https://hook.example.com/")


def test_a_name_is_looked_up_once_and_the_line_goes_to_what_was_judged(monkeypatch):
    """A name that answers with a good address first and a bad one then gains nothing."""
    asked = told_by_names(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    connected = []

    def connect(self, host, port, *_):
        connected.append(host)
        raise httpcore.ConnectError("no way out of this test")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(httpcore.ConnectError):
        post(Client(NOBODY), "https://hook.example.com/")
    assert (asked, connected) == (["hook.example.com"], ["93.184.215.14"])


def test_the_name_is_what_the_certificate_is_asked_for(monkeypatch, hooks):
    told_by_names(monkeypatch, ["127.0.0.1"])
    names = []

    class Told(ssl.SSLContext):
        def wrap_socket(self, sock, **given):
            names.append(given.get("server_hostname"))
            raise ssl.SSLError("no certificate in this test")

    client = Client(Allowed.of(["hook.example.com"]), context=Told(ssl.PROTOCOL_TLS_CLIENT))
    with pytest.raises(httpcore.ConnectError) as error:
        post(client, f"https://hook.example.com:{hooks.port}/")
    assert names == ["hook.example.com"]
    assert not has_left(error.value)


def test_hosts_of_the_inside_are_reached_where_they_are_allowed(hooks, monkeypatch):
    told_by_names(monkeypatch, ["127.0.0.1"], ["127.0.0.1"])
    assert post(Client(Allowed.of(["crm.example.lan"])), f"http://crm.example.lan:{hooks.port}/").status == 204
    with pytest.raises(NotAllowed):
        post(Client(Allowed.of(["crm.example.lan"])), f"https://other.example.lan:{hooks.port}/")


@pytest.mark.parametrize("word", ["10.1.0.5/16", "10.0.0.0/40", "http://crm", "a:b"])
def test_a_setting_that_cannot_be_used_is_refused(word):
    with pytest.raises(BadInput, match="COUVEUSE_PRIVATE_HOSTS"):
        Allowed.of([word])


def test_no_proxy_of_the_environment_is_used(hooks, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(Client(Allowed.of(["127.0.0.1"])), hooks.url).status == 204


def test_a_server_that_answers_a_byte_at_a_time_ends_too(hooks):
    def drip(handler):
        while not hooks.released.wait(0.02):
            handler.wfile.write(b"H")

    hooks.script = [drip]
    with pytest.raises((httpcore.ReadTimeout, httpcore.RemoteProtocolError)) as error:
        post(Client(Allowed.of(["127.0.0.1"]), whole_seconds=0.3), hooks.url)
    assert has_left(error.value)


def test_so_much_of_an_answer_is_read(hooks):
    hooks.script = [(200, {}, b"x" * 1_000_000)]
    assert len(post(Client(Allowed.of(["127.0.0.1"])), hooks.url).body) == guarded.MOST_BYTES


def test_a_status_counts_whatever_becomes_of_the_body(hooks):
    def half(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.close_connection = True

    hooks.script = [half]
    answer = post(Client(Allowed.of(["127.0.0.1"])), hooks.url)
    assert (answer.status, answer.body) == (200, b"half")


def test_a_look_up_that_hangs_is_not_waited_for(monkeypatch):
    done, ended = threading.Event(), threading.Event()

    def hangs(*_, **__):
        done.wait(120)
        ended.set()
        return []

    monkeypatch.setattr(guarded.socket, "getaddrinfo", hangs)
    with pytest.raises(httpcore.ConnectTimeout):
        guarded.look_up("hook.example.com", 443, 0.05)
    done.set()
    assert ended.wait(120)


@pytest.mark.parametrize(("value", "seconds"), [(b"", None), (b"-1", None), (b"99999999", 86_400.0), (b"1e3", None)])
def test_how_long_to_wait(value, seconds):
    assert retry_after(value) == seconds
