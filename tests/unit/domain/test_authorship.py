"""Who is changing the ledger, in requests, commands and jobs."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from plantroom.domain.authorship import (
    NOBODY,
    Author,
    AuthorKind,
    acting,
    acting_system,
    because,
    current_author,
    explained,
    identified,
)

UNKNOWN = Author("anonymous", AuthorKind.PUBLIC, request_id="r1")


def test_without_a_word_it_is_the_program() -> None:
    assert current_author() == NOBODY
    identified("li", AuthorKind.PERSON, "u1")
    explained("why")
    assert current_author() == NOBODY


def test_the_author_of_the_outer_work_comes_back() -> None:
    with acting(UNKNOWN):
        with acting_system("planner"):
            assert current_author().by == "system:planner"
        assert current_author() == UNKNOWN
    assert current_author() == NOBODY


def test_whoever_signs_in_is_known_to_other_threads_of_the_same_request() -> None:
    with acting(UNKNOWN), ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, identified, "li", AuthorKind.PERSON, "u1", "PATCH /x").result()
        author = pool.submit(copy_context().run, current_author).result()
    assert author == Author("li", AuthorKind.PERSON, "u1", request_id="r1", via="PATCH /x")


def test_the_reason_of_the_whole_work_stays() -> None:
    with acting(UNKNOWN) as holder:
        explained("limits of the maker")
        explained("another one")
        assert holder.author.reason == "limits of the maker"
    with acting(UNKNOWN), because("import 12"):
        explained("a rule's")
        assert current_author().reason == "import 12"
    with acting(UNKNOWN), because("  "):
        assert current_author() == UNKNOWN


def test_jobs_give_no_reasons_of_others() -> None:
    with acting_system("findings"):
        explained("said by a ticket")
        assert not current_author().reason
