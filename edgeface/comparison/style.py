"""The look of what only the page of a comparison has; the rest is that of `edgeface.markup`."""

# Kind of verdict → its class in the page.
LOOKS = {"no loss found": "none", "loses": "loses", "gains": "gains", "cannot tell": "unsure"}

STYLE = """
:root { --good: #1f7a3d; --bad: #b3261e; --unsure: #8a6100; --bar: #c9d6e6;
  --c0: #1f2937; --c1: #c2410c; --c2: #1d6fb8; --c3: #7c3aed; --c4: #15803d; --c5: #be185d; }
@media (prefers-color-scheme: dark) { :root {
  --good: #6fd08c; --bad: #ff8a80; --unsure: #e8bf5a; --bar: #34465c;
  --c0: #e5e7eb; --c1: #fb923c; --c2: #7cc0f5; --c3: #c4a7ff; --c4: #6fd08c; --c5: #f79ac0; } }
body { max-width: 78rem; }
ul.verdicts { list-style: none; padding: 0; }
.verdicts li { border-left: 5px solid var(--line); padding: .15rem 0 .15rem .8rem;
  margin: .6rem 0; }
ul.verdicts b { display: block; }
.verdicts li.none { border-color: var(--good); } .verdicts li.loses { border-color: var(--bad); }
.verdicts li.gains { border-color: var(--c2); } .verdicts li.unsure { border-color: var(--unsure); }
.caution { color: var(--bad); font-weight: 600; }
.cards { display: grid; gap: 1rem; padding: 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 32rem), 1fr)); list-style: none; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: .8rem; min-width: 0; }
.card header { margin-bottom: .5rem; line-height: 1.3; overflow-wrap: anywhere; }
.card .both { display: flex; gap: .9rem; align-items: flex-start; }
.card img { border-radius: 4px; image-rendering: pixelated; display: block; max-width: 100%; }
.card .side { flex: 1 1 0; min-width: 0; }
.card .side h4 { font-size: .8rem; margin: 0 0 .3rem; font-weight: 600; color: var(--faint);
  overflow-wrap: anywhere; }
.card .side img { margin-bottom: .4rem; }
.score { font-size: .85rem; margin: .25rem 0; line-height: 1.25; overflow-wrap: anywhere;
  display: grid; grid-template-columns: 1fr auto; column-gap: .5rem; }
.score i { grid-column: 1 / -1; height: 5px; border-radius: 3px; background: var(--bar); }
.score.right i { background: var(--good); } .score.wrong i { background: var(--bad); }
.score.best { font-weight: 600; }
.tag { font-size: .75rem; border: 1px solid currentColor; border-radius: 9px; padding: 0 .45rem; }
.tag.lost { color: var(--bad); } .tag.gained { color: var(--good); }
.tag.other { color: var(--unsure); }
.drawings { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; }
figure.drawn { margin: 0; max-width: 23rem; }
.small figure.drawn { max-width: 15.5rem; }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif;
  fill: var(--faint); }
svg .grid { stroke: var(--line); } svg .chance { stroke: var(--faint); stroke-dasharray: 3 4; }
svg .curve { fill: none; stroke-width: 2; }
svg .c0 { stroke: var(--c0); } svg .c1 { stroke: var(--c1); } svg .c2 { stroke: var(--c2); }
svg .c3 { stroke: var(--c3); } svg .c4 { stroke: var(--c4); } svg .c5 { stroke: var(--c5); }
svg .dot { fill: var(--c2); fill-opacity: .8; }
svg .bin { fill: var(--c2); fill-opacity: .75; } svg .whisker { stroke: var(--c2); }
ul.legend { list-style: none; padding: 0; font-size: .9rem; align-self: center; }
ul.legend svg { vertical-align: middle; margin-right: .4rem; }
table.confusion td, table.confusion th { text-align: center; padding: .25rem .5rem; }
table.confusion th:first-child { text-align: right; font-weight: 400; }
table.confusion td.hit { background: color-mix(in srgb, var(--good) 22%, transparent); }
table.confusion td.miss { background: color-mix(in srgb, var(--bad) 22%, transparent); }
table.confusion td.nil { color: var(--faint); }
@media print { .card { break-inside: avoid; } }
""".strip()
