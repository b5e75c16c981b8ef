"""One file per domain: what its sentences look like."""

from __future__ import annotations

from sample.domains import business, chat, culture, history, news, science, sport, travel
from sample.phrases import Rules

# Rules by domain; each has at least the rule `sentence`, and may replace shared phrases.
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
