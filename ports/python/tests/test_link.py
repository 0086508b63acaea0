"""Links, origins, and URLs without secrets (W2.4, W6.5, W6.10)."""

import pytest

from natsbridge.link import InvalidLinkError, Origin, origin, redact, without_user_info


def test_origins_compare_by_what_they_mean() -> None:
    assert origin("HTTP://LocalHost:80/a?b") == origin("http://localhost") == Origin("http", "localhost", 80)
    assert origin("https://a") == origin("https://A:443/x")
    assert origin("http://[0:0::1]:8080") == origin("http://[::1]:8080/")
    assert origin("http://a") != origin("https://a")
    assert origin("http://a") != origin("http://a:8080")
    assert str(origin("http://a:8080/x")) == "http://a:8080"
    assert str(origin("https://a:443")) == "https://a"
    assert origin("http://[::ffff:1.2.3.4]/").port == 80


@pytest.mark.parametrize(
    "url",
    [
        "http://a",
        "https://a.b-c_d.example:8443/x/y%20z?q=1&r=@:",
        "http://127.0.0.1/",
        "http://[::1]/x",
        "http://a/?",
        "http://0x7f.example/",
        "http://a/" + "x" * 2039,
    ],
)
def test_literal_links_are_taken(url: str) -> None:
    assert origin(url).host


@pytest.mark.parametrize(
    "url",
    [
        "", "a", "/a", "//a", "http:a", "http:/a", "http://", "http:///a", "ftp://a", "file:///a", "javascript:1",
        "http://u@a", "http://u:p@a", "http://a#f", "http://a\\b", "http://a/b c", "http://a/ä", "http://ä/", "http://a/\t",
        " http://a", "http://a ", "http://a\n", "http://127.1", "http://0177.0.0.1", "http://0x7f.0.0.1", "http://2130706433",
        "http://0x7f000001", "http://127.0.0.01", "http://1.2.3.4.5", "http://256.1.1.1", "http://[::1", "http://[::1%25eth0]/",
        "http://[::g]", "http://a:", "http://a:0", "http://a:65536", "http://a:080", "http://a:+80", "http://a..b", "http://.a",
        "http://a.", "http://a/%zz", "http://a/%2", "http://a/\0", "http://a/<", 'http://a/"', "http://a:80:80", "http://[::1]x",
        "http://[]", "http://[1.2.3.4]", "http://[::1.2.3.04]", "http://[::1:]", "http://1.2.3.0x4", "http://٣.٣.٣.٣",
        "http://a/" + "x" * 2040,
    ],
)  # fmt: skip
def test_what_is_no_literal_link_is_refused(url: str) -> None:
    with pytest.raises(InvalidLinkError):
        origin(url)


def test_secrets_are_not_shown() -> None:
    assert redact("http://a/b?token=secret") == "http://a/b?…"
    assert redact("nats://u:p,/@q@a:4222") == "nats://…@a:4222"
    assert redact("u:p@a?b@c") == "…@a?…"
    assert redact("http://a/x?token=b,c#d") == "http://a/x?…"
    assert without_user_info("nats://u:p@a:4222/x@y") == "nats://a:4222/x@y"
    assert without_user_info("nats://a:4222") == "nats://a:4222"
    assert without_user_info("u:p@a") == "u:p@a"
