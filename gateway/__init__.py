"""Who asks: the HTTP interface, server-sent events and the page."""
