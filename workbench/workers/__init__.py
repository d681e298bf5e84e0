"""One run is one process: the worker, the standby that forks it, the queue for devices."""
