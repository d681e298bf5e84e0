"""A recipe that knows no torch, so that workers of it start in a fraction of a second."""

COUNT = '''\
"""Counts.

Counts as slowly as it is told.
"""
import os
import signal
import sys
import time

from workbench import Recipe, number, text


class Count(Recipe):
    class Params(Recipe.Params):
        steps: int = number(3, low=1)
        pace_s: float = number(0.0, low=0, high=60, live=True)
        fault_at: int = number(0, low=0)
        fault: str = text("")

    count = 0

    def run(self, run):
        for step in run.steps(self.params.steps):
            self.count += 1
            run.log(count=self.count)
            print("at", step)
            if step == self.params.fault_at:
                exec(self.params.fault)
            time.sleep(self.params.pace_s)
'''
