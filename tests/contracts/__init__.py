"""The vendors' OpenAPI documents, trimmed, and what holds requests and responses against them.

`providers.yaml` says of each document where it is from and under which licence it is kept; `trim`
makes the files in `documents`. No test needs the internet, or a document that is not here.
"""
