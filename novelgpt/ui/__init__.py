"""the page: every event handler is one call on the studio."""
