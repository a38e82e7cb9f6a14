"""Lines of a server's access log."""

from datetime import datetime, timedelta, timezone

_START = datetime(2026, 11, 26, 12, 0, 0, tzinfo=timezone.utc)


def log_line(at, request, fraction=True):
    """One of an access log; `at` in milliseconds."""
    moment = _START + timedelta(milliseconds=at)
    text = moment.strftime("%d/%b/%Y:%H:%M:%S")
    if fraction:
        text += f".{moment.microsecond // 1000:03}"
    return f'10.0.0.1 - - [{text} +0000] "{request}" 200 12 "-" "curl/8.0"\n'
