"""The search for the smallest file that keeps a gate, where plain int8 loses too much.

`ladder` climbs, one format at a time, and `choosing` says which try is the result; every rung is a
way to lose less, and `equalise`, `correct` and `sensitivity` are three of them. `halves` keeps
apart what is searched on and what is reported.
"""
