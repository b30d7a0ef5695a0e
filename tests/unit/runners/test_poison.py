"""What an event holds is poison, what servers do is not."""

from __future__ import annotations

import obstore
import orjson
import pytest
from aiokafka.errors import KafkaError
from jsonschema.exceptions import ValidationError
from pymongo.errors import OperationFailure
from redis.exceptions import ConnectionError as RedisGone

from commands.ask import Unavailable
from processors.runners.poison import is_poison


@pytest.mark.parametrize(
    "error",
    [TypeError(), KeyError(1), ZeroDivisionError(), orjson.JSONEncodeError(), RecursionError(), ValidationError("x"),
     UnicodeEncodeError("utf-8", "x", 0, 1, "half a character"), AssertionError()],
)  # fmt: skip
def test_the_same_event_raises_it_again(error: Exception) -> None:
    assert is_poison(error)


@pytest.mark.parametrize(
    "error",
    [Unavailable(), ConnectionResetError(), TimeoutError(), KafkaError(), OperationFailure("interrupted", 11600),
     RedisGone(), obstore.exceptions.GenericError(), RuntimeError("closed"), FileNotFoundError()],
)  # fmt: skip
def test_another_start_may_go_well(error: Exception) -> None:
    assert not is_poison(error)
