"""What several tests stand on: a scripted server, a clock that tests turn, definitions."""
