"""The benchmark: billql beside a hand-written loop and Shillelagh, in one run."""
