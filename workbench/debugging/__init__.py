"""What a network does inside: hooks, what they show as data, and what that means."""
