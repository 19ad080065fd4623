"""Charts: a result as a picture, bars or lines, in a terminal or on a page.

figure    a result → what is drawn: labels and series of numbers
scale     the axis that the numbers lie on
terminal  a figure → text
svg       a figure → SVG
page      a figure → a page with the picture, and the values in a table below it
"""
