"""What the screen of a study shows: readings, plots, exports."""
