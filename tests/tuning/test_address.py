"""Passwords stay out of every file, and are asked for where they are needed."""

from __future__ import annotations

import pytest

from workbench.errors import UsageError
from workbench.tuning.address import complete, secrets, without_secret

WHOLE = "postgresql://me:s3cret@box/db"
STORED = "postgresql://me:***@box/db"


@pytest.mark.parametrize(
    ("whole", "stored"),
    [
        (WHOLE, STORED),
        ("mysql+pymysql://me:a:b@c@box:3306/db", "mysql+pymysql://me:***@box:3306/db"),
        ("redis://:s3cret@box:6379/1", "redis://:***@box:6379/1"),
        ("mysql://box/db?user=me&password=s3cret&ssl=1", "mysql://box/db?user=me&password=***&ssl=1"),
        ("postgresql://me@box/db", "postgresql://me@box/db"),
        ("sqlite:////home/a:b@c/study.db", "sqlite:////home/a:b@c/study.db"),
        ("", ""),
    ],
)
def test_what_is_kept_of_an_address(whole: str, stored: str) -> None:
    assert without_secret(whole) == stored
    assert without_secret(stored) == stored
    assert not [secret for secret in secrets(whole) if secret in stored]
    assert complete(stored, whole) == whole


def test_a_missing_password_is_asked_for() -> None:
    with pytest.raises(UsageError, match="needs its password") as refused:
        complete(STORED, "")
    assert "$WORKBENCH_STORAGE" in refused.value.remedy


def test_another_address_is_refused_where_somebody_gave_it() -> None:
    other = "postgresql://me:s3cret@elsewhere/db"
    with pytest.raises(UsageError, match=r"is postgresql://me:\*\*\*@box/db, not") as refused:
        complete(STORED, other, explicit=True)
    assert "s3cret" not in str(refused.value)
    with pytest.raises(UsageError, match="needs its password"):
        complete(STORED, other)
    assert complete("sqlite:///a.db", other) == "sqlite:///a.db"  # the variable is for another study
