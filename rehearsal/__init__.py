"""The rehearsal: the whole course server on one's own machine, with no cloud account."""
