"""People on the command line, and what commands say of a plant that has stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import Api, Product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    made = Product(tmp_path_factory.mktemp("people") / "data")
    made.start()
    yield made
    made.stop()


def signs_in(product: Product, username: str, password: str) -> int:
    return Api(product.url).call("POST", "/api/v1/session", {"username": username, "password": password})[0]


def test_a_person_who_was_added_signs_in_and_a_new_password_replaces_the_old(product: Product) -> None:
    made = product.json("user", "add", "li", "--role", "technician", "--site", "demo")
    assert signs_in(product, "li", made["password"]) == 200
    again = product.json("user", "password", "li")
    assert signs_in(product, "li", made["password"]) == 401
    assert signs_in(product, "li", again["password"]) == 200
    assert {user["username"] for user in product.json("user", "list")["items"]} == {"admin", "li"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("user", "add", "admin", "--role", "viewer"), "already"),
        (("user", "add", " x", "--role", "viewer"), "blanks"),
        (("user", "add", "wang", "--role", "viewer", "--site", "nowhere"), "nowhere"),
        (("user", "password", "nobody"), "no user"),
        (("models", "learn", "--asset", "P-1", "--from", "2020-01-01", "--to", "2020-02-01"), "no asset"),
    ],
)
def test_what_cannot_be_done_is_explained(product: Product, arguments: tuple[str, ...], words: str) -> None:
    done = product.cli(*arguments)
    assert done.returncode == 4
    assert words in done.stderr


def test_a_model_learns_only_from_rows_that_are_stored(product: Product) -> None:
    asset = {"site": "demo", "code": "P-7", "class": "pump", "name": {"zh": "七号泵", "en": "Pump 7"}}
    assert product.api().call("POST", "/api/v1/assets", asset)[0] == 201
    for span, words in ((("2020-01-01", "2020-02-01"), "0 stored rows"), (("2020-01-01", "2199-01-01"), "future")):
        done = product.cli("models", "learn", "--asset", "P-7", "--from", span[0], "--to", span[1])
        assert (done.returncode, words in done.stderr) == (4, True), done.stderr


def test_a_token_is_the_only_thing_on_standard_output(product: Product) -> None:
    done = product.cli("token", "create", "me", "--role", "admin")
    assert Api(product.url, done.stdout.strip()).call("GET", "/api/v1/assets")[0] == 200


def test_nobody_goes_by_the_words_of_a_plant_that_has_stopped(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    product.start()
    words = (product.data / "runtime.json").read_text()
    product.stop()
    assert not (product.data / "runtime.json").exists()
    (product.data / "runtime.json").write_text(words)
    recording = tmp_path / "r.csv"
    recording.write_text("time,a\n2026-01-01T00:00:00Z,1\n")
    done = product.cli("simulate", "replay", str(recording), "--site", "demo", "--asset", "X", "--class", "pump")
    assert done.returncode == 5
    assert "nothing runs there" in done.stderr
