"""The real program under kill -9 and power cuts."""
