"""Events in: a module per speaker, each a table of what is heard."""
