"""Files of FOCUS before those who know it best: `make focus`.

`floors.yaml` names the files that the Foundation's validator looks at, and which of its rules fail
and why.
"""
