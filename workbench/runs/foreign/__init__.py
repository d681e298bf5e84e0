"""What other programs recorded, read as runs that can only be looked at."""
