"""The record of a run: one folder that its worker writes and everyone else reads."""
