"""The head of a study's page: how far it is, and its best trial."""

from __future__ import annotations

from textual.content import Content

from workbench.tui.run_facts import Facts
from workbench.tui.study.facts import StudyFacts
from workbench.tui.study.words import best_words
from workbench.tui.widgets.run_header import RunHeader, header


class StudyHeader(RunHeader):
    """As a run's, counting trials."""

    _study = StudyFacts()

    def fill_study(self, facts: Facts, study: StudyFacts) -> None:
        """Show how the study stands."""
        self._study = study
        self.fill(facts)

    def made(self, width: int) -> Content:
        best = best_words(self._study)
        return header(self._run, self._facts, width, noun="trial", best=best)
