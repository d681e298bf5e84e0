"""What the recipes reach, measured by real runs beside what they promise.

`python -m benchmarks.results` measures all of them, `python -m benchmarks.results images/cnn` one.
"""
