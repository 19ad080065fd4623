"""SQL text alone: tokens, rewriting with a source map, SHOW and USE, kinds of statements."""
