"""The parts of the screens, each with its style beside it."""
