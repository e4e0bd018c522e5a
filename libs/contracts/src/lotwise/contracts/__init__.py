"""What crosses a border between services: subjects, the envelope, events by speaker, permissions."""
