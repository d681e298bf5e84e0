"""A recipe whose best parameters are known, and which ends as it is told. Knows no torch."""

BOWL = '''\
"""A bowl: lowest at x = 0.3.

Its loss falls with each epoch; `mood` has it crash or die.
"""
import os
import signal
import time

from workbench import Recipe, choice, number


class Bowl(Recipe):
    monitor = "val/loss"

    class Params(Recipe.Params):
        x: float = number(0.0, low=-1, high=1)
        width: int = number(4, low=1, high=64, log=True)
        mood: str = choice("calm", "keen", "crash", "die")
        epochs: int = number(2, low=1)
        pace_s: float = number(0.0, low=0, high=60)

    def run(self, run):
        for epoch in run.steps(self.params.epochs):
            if self.params.mood == "crash":
                raise ValueError("it crashed")
            if self.params.mood == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            loss = (self.params.x - 0.3) ** 2 + 1 / epoch
            run.log({"val/loss": loss, "size": self.params.width})
            time.sleep(self.params.pace_s)
'''
