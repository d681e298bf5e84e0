"""The interface in the terminal; it never imports torch."""
