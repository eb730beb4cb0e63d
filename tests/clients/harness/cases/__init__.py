"""One module a theme; each registers its cases when imported."""
