"""Definitions that are made of the OpenAPI documents beside this file."""

from __future__ import annotations

from pathlib import Path

from billql.authoring import scaffold
from billql.authoring.openapi import operations
from billql.authoring.openapi.importing import Imported, imported
from billql.authoring.openapi.reading import read

DOCUMENTS = Path(__file__).parent
CLOUD = read(DOCUMENTS / "cloud.yaml")


def written(made: Imported, folder: Path) -> Path:
    scaffold.write(folder, made.files)
    return folder


def cloud(root: Path) -> Path:
    """Import all of the cloud's document, with the one edit that it asks for; return the folder."""
    made = imported(CLOUD, list(operations.tags(CLOUD)), "digitalocean")
    assert made.notes == [
        "GET /v2/droplets: does type leave rows out by default? If so, declare a `default` of all "
        "its values"
    ]
    folder = written(made, root / "digitalocean")
    machines = folder / "machines.yaml"
    text = machines.read_text()
    assert text.count("          type: {}\n") == 1
    machines.write_text(
        text.replace("          type: {}\n", "          type: {default: [droplets, gpus]}\n")
    )
    return folder
