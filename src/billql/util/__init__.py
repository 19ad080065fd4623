"""What everybody may import and nobody owns: files, the clock, redaction, origins."""
