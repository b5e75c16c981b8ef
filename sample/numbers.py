"""Numbers as in real texts: years, scores, sums."""

from __future__ import annotations

from collections.abc import Callable
from random import Random


def _count(random: Random) -> str:
    return random.choice(
        (
            str(random.randint(10, 99)),
            str(random.randint(100, 999)),
            f"{random.randint(1, 99)},{random.randint(0, 9)}00",
        )
    )


def _percent(random: Random) -> str:
    if random.random() < 0.5:
        return f"{random.randint(1, 60)}%"
    return f"{random.randint(1, 40)}.{random.randint(1, 9)} percent"


def _money(random: Random) -> str:
    return random.choice(
        (
            f"${random.randint(2, 900)} million",
            f"{random.randint(2, 90)} million euros",
            f"£{random.randint(3, 999)}",
        )
    )


# By the name of the slot.
NUMBERS: dict[str, Callable[[Random], str]] = {
    "small": lambda random: str(random.randint(2, 9)),
    "age": lambda random: str(random.randint(19, 85)),
    "monthday": lambda random: str(random.randint(1, 28)),
    "hour": lambda random: f"{random.randint(5, 23)}:{random.choice(('00', '05', '15', '30', '45'))}",
    "year": lambda random: str(random.randint(1790, 2023)),
    "coming_year": lambda random: str(random.randint(2025, 2040)),
    "count": _count,
    "score": lambda random: f"{random.randint(0, 5)}-{random.randint(0, 4)}",
    "sets": lambda random: f"6-{random.randint(0, 4)}, 6-{random.randint(0, 4)}",
    "seconds": lambda random: f"{random.randint(9, 58)}.{random.randint(10, 99)}",
    "percent": _percent,
    "money": _money,
    "ordinal": lambda random: random.choice(("first", "second", "third", "fourth", "fifth")),
    "initial": lambda random: random.choice("ABCDEFGHJKLMPRSTW"),
    "letter": lambda random: random.choice("ACGKSTXZ"),
}
