"""Speaks a list of sentences by eSpeak NG, as a program of its own that `_voice` starts.

The library keeps pitch, noise and flutter of what it said before, which no call of it resets, so what a
sentence sounds like depends on all others of its process. In a new process it does not: the same list
gives the same samples.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys

# Of eSpeak NG's speak_lib.h.
SYNCHRONOUS = 2
DO_NOT_EXIT = 0x8000
UTF8 = 1
RATE, PITCH = 1, 3
HEARD = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def main() -> None:
    """Reads one JSON object, writes the rate in Hz, then each sentence's count and 16-bit samples."""
    asked = json.load(sys.stdin)
    library = ctypes.CDLL(asked["library"])
    rate_hz = library.espeak_Initialize(SYNCHRONOUS, 0, asked["data"].encode(), DO_NOT_EXIT)
    if rate_hz <= 0:
        sys.exit(f"eSpeak NG does not start with the voices in {asked['data']}")
    library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # else the clock seeds the noise of breath
    parts: list[bytes] = []

    def heard(samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            parts.append(ctypes.string_at(samples, 2 * count))
        return 0

    kept = HEARD(heard)  # the library holds no reference
    library.espeak_SetSynthCallback(kept)
    out = sys.stdout.buffer
    out.write(struct.pack("=i", rate_hz))
    for text, voice, rate_wpm, pitch in asked["sentences"]:
        parts.clear()
        _speak(library, text.encode(), voice, rate_wpm, pitch)
        said = b"".join(parts)
        out.write(struct.pack("=i", len(said) // 2) + said)


def _speak(library: ctypes.CDLL, text: bytes, voice: str, rate_wpm: int, pitch: int) -> None:
    faults = [
        # A variant's voice sets rate and pitch of its own, so it comes first.
        library.espeak_SetVoiceByName(voice.encode()),
        library.espeak_SetParameter(RATE, rate_wpm, 0),
        library.espeak_SetParameter(PITCH, pitch, 0),
        library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 0, 0, UTF8, None, None),
        library.espeak_Synchronize(),
    ]
    if any(faults):
        sys.exit(f"eSpeak NG cannot say {text.decode()!r} in the voice {voice!r}")


if __name__ == "__main__":
    main()
