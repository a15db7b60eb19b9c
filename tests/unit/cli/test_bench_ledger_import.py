"""What ``bench ledger`` makes of an import's progress."""

from typing import Any

from plantroom.cli.bench_ledger_import import Heard


def heard(*words: tuple[float, str, int]) -> Heard:
    made = Heard()
    for at, phase, done in words:
        run: dict[str, Any] = {"phase": phase, "done": done}
        made.note(at, run)
    return made


ALL = ((0.2, "reading", 0), (0.4, "reading", 2000), (3.0, "comparing", 0), (4.0, "writing", 0))


def test_the_parts_are_the_whole_from_the_upload_to_the_answer():
    assert heard(*ALL).parts(9.5) == {"read": 3.0, "compare": 1.0, "write": 5.5}
    assert heard(*ALL, (9.4, "finished", 5)).parts(9.5) == {"read": 3.0, "compare": 1.0, "write": 5.5}


def test_a_part_that_nobody_heard_of_is_not_there():
    assert heard((0.2, "reading", 0), (2.0, "writing", 0)).parts(3.0) == {"read": 2.0, "write": 1.0}
    assert heard().parts(3.0) == {}


def test_the_longest_silence_counts_the_one_before_the_answer():
    assert heard(*ALL).progress(9.5) == {"words": 4, "longest_silence_s": 5.5}
    assert heard().progress(2.0) == {"words": 0, "longest_silence_s": 2.0}


def test_an_answer_that_says_the_same_again_ends_no_silence():
    same = heard((0.5, "reading", 0), (2.5, "reading", 0), (4.0, "reading", 2000))
    assert same.progress(4.5) == {"words": 2, "longest_silence_s": 3.5}


def test_the_end_is_no_word_before_the_answer():
    assert heard((0.5, "reading", 0), (4.0, "finished", 9)).progress(4.1) == {"words": 1, "longest_silence_s": 3.6}
