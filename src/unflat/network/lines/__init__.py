"""Lines that training begins at or is mixed with: what they read, chosen and fitted with NumPy before it."""
