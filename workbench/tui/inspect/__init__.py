"""What the screen that looks inside a network shows: requests, rows, words and drawings."""
