"""Measures CPU time per request of programs that run side by side on one machine."""
