"""Tools for authors of definitions: `billql provider`.

scaffold     a first provider, to be filled
check        the files of a provider → findings, with the place of each
finding, lines    a finding, and its line in a file
lint         the rules beyond the format
examples     a check, without a network, that the examples of a definition can run
trial        runs of the examples, against an API or a recording
recording    responses of an API in a file
yaml_writer  definitions → YAML in the house style
openapi/     an OpenAPI document → a first definition
"""
