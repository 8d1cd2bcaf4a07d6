"""The stand-in for Anaconda's installer, and what writes its pins."""
