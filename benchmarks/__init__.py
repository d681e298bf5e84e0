"""The numbers that the workbench promises, measured beside what they are compared with.

`python -m benchmarks` measures all of them, `python -m benchmarks listing` one; each number is one
module with a function `measure`.
"""
