"""The order in which topics are listed: one's own first, then the others as one would learn them."""

from __future__ import annotations

from collections.abc import Collection

# Of the recipes that come along; a topic that is not named here follows by its name.
LEARNED = (
    "fundamentals",
    "from_scratch",
    "data",
    "classification",
    "images",
    "audio",
    "detection",
    "style",
    "transfer",
    "time_series",
    "recommenders",
    "generative",
    "graphs",
    "transformers",
    "lightning",
    "semi_supervised",
    "nlp",
    "advanced",
    "retrieval",
    "llm",
    "debugging",
    "deployment",
)
_PLACES = {topic: place for place, topic in enumerate(LEARNED)}


def place(recipe_id: str, own: Collection[str]) -> tuple[bool, int, str]:
    """What recipes are sorted by; `own` are the topics in the user's folders."""
    topic = recipe_id.rpartition("/")[0]
    is_other = topic not in own
    return is_other, _PLACES.get(topic, len(LEARNED)) if is_other else 0, recipe_id
