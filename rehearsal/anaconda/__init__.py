"""The stand-ins for Anaconda's installer and its conda, and what writes the pins."""
