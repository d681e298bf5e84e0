"""Studies: many trials of one recipe, each a run, driven by a process that outlives the terminal."""
