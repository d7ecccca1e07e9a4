"""How a chain of steps is written, checked and kept; the engine runs what comes out of it."""
