"""Chapter → token ids."""
