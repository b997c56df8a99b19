"""What a network is: shapes, families, weights on disk, adapters, and a start from counts."""
