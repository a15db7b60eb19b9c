"""Whose doing it is that connections end before the subscription is answered."""

from plantroom.publisher.listening import AGAIN_S, ENDINGS, PATIENCE_S, SURE_S, Listening

TOPIC = "plantroom/demo/P-1/replay"


def connection(one: Listening, now: float, *, answered: bool = False, acknowledged: bool = False) -> bool:
    """One that the broker takes and ends a second later; whether it subscribed, and whether its end tells something
    about messages."""
    for packet, piece in enumerate(one.begun(now), 1):
        one.asked(packet, piece)
        if answered:
            one.answered(packet, [False] * len(piece))
    if acknowledged:
        one.acknowledged()
    return one.ended(now + 1, by_broker=True)


def test_connections_that_end_before_the_answer_accuse_no_message() -> None:
    one = Listening([TOPIC])
    assert [connection(one, n) for n in range(ENDINGS)] == [False] * ENDINGS
    assert "ends the connection" in str(one.problem(9))
    assert not one.begun(9), "without it then"
    assert not one.awaited(9)


def test_where_one_without_it_ends_as_well_it_is_not_the_subscription() -> None:
    one = Listening([TOPIC])
    for n in range(ENDINGS):
        connection(one, n)
    assert connection(one, 10), "nothing was acknowledged over it"
    assert one.problem(12) is None
    assert [connection(one, 20 + n) for n in range(ENDINGS)] == [True] * ENDINGS, "what is on its way may do it"
    assert not one.begun(30), "but without it now and then"


def test_one_without_it_that_stood_leaves_it_at_that() -> None:
    for acknowledged, lasted in ((True, 1.0), (False, PATIENCE_S)):
        one = Listening([TOPIC])
        for n in range(ENDINGS):
            connection(one, n)
        one.begun(10)
        if acknowledged:
            one.acknowledged()
        assert one.ended(10 + lasted, by_broker=True)
        assert not one.begun(30)
        assert one.problem(30) is not None
        later = AGAIN_S + ENDINGS
        assert not connection(one, later), "an hour later it is tried with a new connection"
        assert not one.begun(later + 2), "once"


def test_a_broker_that_has_answered_before_may_well_end_at_a_message() -> None:
    one = Listening([TOPIC])
    assert connection(one, 0, answered=True)
    assert [connection(one, n) for n in range(1, ENDINGS + 1)] == [True] * ENDINGS
    assert connection(one, 10, acknowledged=True)
    assert one.problem(12) is not None


def test_an_answer_ends_the_row() -> None:
    one = Listening([TOPIC])
    for n in range(5 * ENDINGS):
        connection(one, n, answered=n % ENDINGS == 1)
    assert one.problem(99) is None
    assert one.begun(99)


def test_ends_that_are_no_brokers_doing_count_for_nothing() -> None:
    one = Listening([TOPIC])
    for n in range(5):
        for packet, piece in enumerate(one.begun(n)):
            one.asked(packet, piece)
        assert not one.ended(n + 1, by_broker=False)
    assert one.problem(9) is None
    assert one.begun(9)


def test_it_is_tried_once_more_over_one_that_stands_though_nothing_is_sent_over_it() -> None:
    one = Listening([TOPIC])
    for n in range(ENDINGS):
        connection(one, n)
    one.begun(10)
    assert not one.due(10 + SURE_S - 1)
    assert one.due(10 + SURE_S) == [(TOPIC,)]
    assert not one.due(10 + 2 * SURE_S), "once"


def test_a_broker_that_never_answers_is_not_taken_for_one_that_ends_the_connection() -> None:
    one = Listening([TOPIC])
    for day in range(5 * ENDINGS):
        begun = day * 86_400
        for packet, piece in enumerate(one.begun(begun), 1):
            one.asked(packet, piece)
        one.acknowledged()
        assert one.ended(begun + PATIENCE_S, by_broker=True), "what was on its way may have done it"
        assert one.problem(begun + PATIENCE_S) is None
    assert one.begun(10**7)
