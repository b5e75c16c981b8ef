"""The rules of the grammar: one file for each domain, `phrases` and `shapes` shared by all domains."""

from __future__ import annotations

from sample.rules import business, chat, culture, history, news, science, sport, travel
from sample.rules.phrases import Rules

# The rules of each domain; with `PHRASES` and `SHAPES`, which they may override, they have a rule `sentence`.
DOMAINS: dict[str, Rules] = {
    "news": news.RULES,
    "sport": sport.RULES,
    "business": business.RULES,
    "travel": travel.RULES,
    "chat": chat.RULES,
    "science": science.RULES,
    "culture": culture.RULES,
    "history": history.RULES,
}
