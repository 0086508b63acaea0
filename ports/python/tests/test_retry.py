import pytest

from natsbridge.errors import NATSBridgeError
from natsbridge.retry import Retry, is_retryable_status


def delays(retry):
    return [retry.delay(attempt) for attempt in range(1, retry.max_retries + 1)]


def test_the_default_is_five_attempts():
    assert delays(Retry()) == [100, 200, 400, 800, None]


def test_delays_double_up_to_the_longest():
    assert delays(Retry(9)) == [100, 200, 400, 800, 1600, 3200, 5000, 5000, None]
    assert delays(Retry(1)) == [None]
    assert Retry(5, 100, 50).delay(1) == 50
    assert Retry(10**6).delay(10**5) == 5000


def test_the_server_may_ask_for_more_but_not_for_ever():
    assert [Retry().delay(1, seconds * 1000) for seconds in (0, 2, 3600)] == [100, 2000, 5000]


def test_some_statuses_are_worth_another_attempt():
    assert [status for status in range(100, 600) if is_retryable_status(status)] == [408, 425, 429, *range(500, 600)]


@pytest.mark.parametrize(
    "retry", [(0,), (-1,), (True,), (1.5,), ("5",), (5, -1), (5, 1, float("nan")), (5, "1"), (5, 1, float("inf"))]
)
def test_what_is_no_schedule_is_refused(retry):
    with pytest.raises(NATSBridgeError) as error:
        Retry(*retry)
    assert (error.value.code, error.value.phase) == ("INVALID_ENVELOPE", "validate")
    assert "max_retries" in error.value.message or "delay" in error.value.message
