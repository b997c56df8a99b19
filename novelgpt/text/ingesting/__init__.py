"""Books → a library on disk and a report. The door is `text.ingest`."""
