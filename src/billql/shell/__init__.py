"""The shell: a person types statements and dot commands, and reads what they give.

text       what is typed: when it is complete, how a script is cut into pieces
suggest    what could be typed next: a pure function
known      the names that suggestions are made of, from the catalogue and the local database
printer    where results go: the window, with a pager, or a file
shell      runs what was typed, and has the settings that dot commands change
commands/  the dot commands, some in each file
prompt     the prompt: editing, history, highlighting, the menu of suggestions
"""
