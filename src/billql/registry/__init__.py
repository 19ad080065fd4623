"""The registry: packages of definitions, how they are built, published and installed.

A registry is a folder, or the same files on a web server: `index.json`, which is signed, and for
each version of a provider `<provider>/<version>.tar`, whose checksum the index has. What ships with
billql is such packages without an index, and without a signature.

naming       the valid names of providers, versions and files
package      one version of a provider as an archive
index        the versions of a registry
signing      Ed25519: signing an index, and verifying it
keys         the keys of the configured registries, and the providers that each may sign
definitions  a provider's folder: its files, checked, and packed
bundle       the packages that ship with billql
build        definitions → signed registry
source       where a registry is: a folder, an address
seen         the newest index that each source has had
store        installed packages, and the versions in use
offers       what sources offer, checked
installed    whether what is installed is as it was pulled
client       list, pull, verify, remove
staging      folders that are made and removed as a whole
"""

from __future__ import annotations

from billql.errors import Exit, OperationalError


class RegistryError(OperationalError):
    """A registry or a package is rejected; nothing has been changed."""

    code = "refused-package"
    exit_code = Exit.DEFINITION
