"""What must hold whatever comes in: properties that hypothesis and atheris both look for holes in.

`test_properties` draws a few examples of each, the same ones on every run. `make fuzz` has atheris
draw others for minutes, led by the lines of billql that an example reaches. What either finds
becomes a test beside the module that was at fault.

prop          what a property is
drawing       odd texts and odd JSON, and right ones of which something was changed
grammar       definitions as they might be
sample        answers as an API should give them
statements    SQL text: dotted names, SHOW and DESCRIBE, anything at all
definitions   definition files: refused, or good for requests and rows
answers       what APIs answer, page after page
paging        paginators, whatever their pages say
values        one value of a column, and what of a comparison an API is told
refusals      the errors of APIs, and the headers that say when to ask again
amounts       the SQL functions for money
configs       the config file
packages      indexes and packages of the registry
formats       results in every format
documents     OpenAPI and StackQL documents
trial         a table, tried out from its declaration to its rows
target        one property under atheris; `python -m fuzz` runs them all
cases         the properties as cases of assurance
"""

from __future__ import annotations

from functools import cache

from .prop import Property


@cache
def everything() -> dict[str, Property]:
    """Give every property by its name."""
    from . import (
        amounts,
        answers,
        configs,
        definitions,
        documents,
        formats,
        packages,
        paging,
        refusals,
        statements,
        values,
    )

    modules = (
        statements,
        definitions,
        answers,
        paging,
        values,
        refusals,
        amounts,
        configs,
        packages,
        formats,
        documents,
    )
    found = [one for module in modules for one in module.PROPERTIES]
    return {one.name: one for one in found}
