"""What a run is made of: its plan, its progress, its folders, its events, and the processes that share it."""
