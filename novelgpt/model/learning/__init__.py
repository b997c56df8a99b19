"""How a network learns: what a step reads, its loss, its optimizers, and how well it foresees what it has not read."""
