"""Every group there is: remembered, registered, reported, and handed on before it is orphaned."""
