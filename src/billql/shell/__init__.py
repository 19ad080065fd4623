"""The interactive shell: statements and dot commands, and the printing of their results.

text       the input: when it is complete, and how a script is split
habits     the commands of psql and mysql, as input of this shell
suggest    the completions of an input: a pure function
known_names  the names that can be completed
known      these names, from the catalog and the local database
printer    the destination of results: the terminal, with a pager, or a file
shell      runs the input, and holds the settings that dot commands change
commands/  the dot commands, by subject
importing  CSV files that become tables
script_file  the files of .read, and the one that the shell starts with
tree       the query plan as a tree
prompt     the prompt: editing, history, highlighting, the menu of completions
"""
