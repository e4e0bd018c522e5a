"""Events in, a file per speaker."""
