"""Writing definitions: what `billql provider` does for those who do.

scaffold     a first provider, to be filled
check        the files of a provider → findings, with the place of each
finding, lines    what a finding is, and where in a file it is
lint         the rules beyond the format
examples     whether the examples of a definition can run, found out without a network
trial        running them, against an API or against answers that were recorded
recording    answers in a file
written      definitions → YAML in the house's style
openapi/     an OpenAPI document → a first definition
"""
