"""What a preview says, for people who review a change: events of the engine -> model -> text."""
