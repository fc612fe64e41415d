from __future__ import annotations

import pytest

from loadtests.adk.target import address


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8000/",
        "https://shop.example/api/agent",
        "http://[::1]:8000/api/",
        "http://apps.example:80/runner",
    ],
)
def test_a_server_may_be_below_a_path(url: str) -> None:
    assert address(url).geturl() == url


@pytest.mark.parametrize(
    ("url", "give"),
    [
        ("http://host:8000/dev-ui/?app=x", "http://host:8000 and --app x"),
        ("http://host:8000/dev-ui?app=my_agent&session=5", "http://host:8000 and --app my_agent"),
        ("http://host:8000/dev-ui/#/?app=x", "http://host:8000 and --app x"),
        ("http://host:8000/docs", "http://host:8000"),
        ("http://host:8000/docs#/default/run", "http://host:8000"),
        ("http://host:8000/openapi.json", "http://host:8000"),
        ("https://host/api/apps/x/users/u/sessions", "https://host/api and --app x"),
        ("http://host:8000/api/run_sse/", "http://host:8000/api"),
        ("http://host:8000/list-apps", "http://host:8000"),
        ("http://host:8000/?app=x", "http://host:8000 and --app x"),
        ("http://host:8000/healthz", "http://host:8000"),
        ("http://host:8000/.well-known/agent-card.json", "http://host:8000"),
        ("http://host:8000/#access_token=secret", "http://host:8000"),
        ("http://u:secret@host:8000/docs", "http://host:8000"),
        ("http://host:8000/?key=secret", "http://host:8000"),
    ],
)
def test_the_address_of_a_page_is_refused_with_the_one_to_give(url: str, give: str) -> None:
    with pytest.raises(ValueError, match="must be the address of the server") as caught:
        address(url)
    assert f"the address of the server ({give}), got that of a page" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:8000", "(did you mean http://localhost:8000?)"),
        ("localhost:8000/dev-ui/?app=x", "(did you mean http://localhost:8000?)"),
        ("127.0.0.1:8000/api", "(did you mean http://127.0.0.1:8000/api?)"),
        ("example.com/dev-ui/", "(did you mean https://example.com?)"),
        ("localhost", "(did you mean http://localhost?)"),
        ("[::1]:8000/", "(did you mean http://[::1]:8000?)"),
        ("//127.0.0.1:8000", "(did you mean http://127.0.0.1:8000?)"),
        ("http:/127.0.0.1:8000", "(did you mean http://127.0.0.1:8000?)"),
        ("htp://127.0.0.1:8000", "(did you mean http://127.0.0.1:8000?)"),
        (" http://127.0.0.1:8000", "(did you mean http://127.0.0.1:8000?)"),
        ("http://127.0.0.1:8000 ", "(did you mean http://127.0.0.1:8000?)"),
        ('"http://127.0.0.1:8000/dev-ui/"', "(did you mean http://127.0.0.1:8000?)"),
        ("<https://shop.example/api>", "(did you mean https://shop.example/api?)"),
        ("view-source:http://127.0.0.1:8000/docs", "(did you mean http://127.0.0.1:8000?)"),
        ("ftp://host", "target must be http://HOST:PORT or https://HOST, got "),
        ("http://", "target must be http://HOST:PORT or https://HOST, got "),
        ("http://[::1", "target must be http://HOST:PORT or https://HOST, got "),
        ("http://host:99999", "target must be http://HOST:PORT or https://HOST, got "),
        ("http://host:0", "target must be http://HOST:PORT or https://HOST, got "),
        ("http://ho st", "target must be http://HOST:PORT or https://HOST, got "),
        ("", "target must be http://HOST:PORT or https://HOST, got "),
    ],
)
def test_a_missing_address_is_refused(url: str, said: str) -> None:
    with pytest.raises(ValueError, match="must be http://HOST:PORT") as caught:
        address(url)
    assert said in str(caught.value)


@pytest.mark.parametrize("url", ["http://user:secret@host:8000", "https://secret@host"])
def test_a_user_in_an_address_is_refused_with_the_option_to_use(url: str) -> None:
    with pytest.raises(ValueError, match="target must hold no user and no password") as caught:
        address(url)
    assert "--header Authorization=VARIABLE, got 'http" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_before_an_address_without_a_scheme_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="got '…@localhost:8000'"):
        address("user:secret@localhost:8000")
