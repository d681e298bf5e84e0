"""The command line; each group of commands is imported only when one of them is called."""
