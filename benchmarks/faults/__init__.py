"""Injected faults: whether each cause is found in programs as people write them, and healthy ones are left alone."""
