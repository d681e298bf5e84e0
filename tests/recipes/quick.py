"""What takes seconds before the first step of a recipe, shorter for tests that make few steps."""

from __future__ import annotations

from typing import Any

QUICK: dict[str, dict[str, Any]] = {
    "audio/spectrogram_cnn": {"each": 20},
    "audio/speech_recognition": {"utterances": 48},
    "generative/gan": {"judge_epochs": 1},
}
