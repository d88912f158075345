"""What an operator reads on stderr."""

import logging

from gatehook_guard.logs import Formatter


def line(message, *args, **extra):
    record = logging.getLogger("gatehook_x").makeRecord("gatehook_x", 30, "x.py", 1, message, args, None, extra=extra)
    return Formatter().format(record)


def test_what_varies_stands_behind_the_message():
    told = line("personal data found", plugin="pii", detections={"email": 2})
    assert told == 'gatehook: personal data found: plugin pii, detections {"email": 2}'


def test_a_record_without_more_is_its_message():
    assert line("%s has left", "ada") == "gatehook: ada has left"
