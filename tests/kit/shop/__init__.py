"""The smallest service: one table of counters and a log, to try the kit with."""
