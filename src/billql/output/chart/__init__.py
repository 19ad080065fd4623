"""Charts: a result as bars or lines, in a terminal or on an HTML page.

figure    a result → labels and series of numbers
scale     the axis of the numbers
terminal  a figure → text
svg       a figure → SVG
page      a figure → an HTML page with the picture, and a table of the values
"""
