"""The registry: signed packages of definitions, from where they are made to where they are used.

A registry is a folder, or the same files on a web server: `index.json`, which is signed, and for
each version of a provider `<provider>/<version>.tar`, whose checksum the index has.

naming       what providers, versions and files are called
package      one version of a provider as an archive
index        which versions there are
signing      Ed25519: sealing an index, and opening it
keys         whose signatures count, and for what
definitions  a provider's folder: its files, checked
build        definitions → registry
source       where a registry lies: a folder, an address
seen         the newest index that each source has shown
store        installed packages, and which of them are used
client       listing, pulling, verifying
staging      folders that are made and removed as a whole
"""

from __future__ import annotations

from billql.errors import Exit, OperationalError


class RegistryError(OperationalError):
    """A registry, or a package, is refused; nothing has been changed."""

    code = "refused-package"
    exit_code = Exit.DEFINITION
