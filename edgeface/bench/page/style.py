"""The look of what only the page of a latency report has; the rest is that of `edgeface.markup`."""

# Verdict → its class in the page.
LOOKS = {"VALID": "valid", "UNSTEADY": "unsteady", "INVALID": "invalid"}
PROCESSES = 4  # colours --p0 to --p3, in turn

STYLE = """
:root { --good: #1f7a3d; --bad: #b3261e; --unsure: #8a6100; --cloud: #8fb0d6;
  --p0: #1d6fb8; --p1: #c2410c; --p2: #15803d; --p3: #7c3aed; }
@media (prefers-color-scheme: dark) { :root {
  --good: #6fd08c; --bad: #ff8a80; --unsure: #e8bf5a; --cloud: #4f7198;
  --p0: #7cc0f5; --p1: #fb923c; --p2: #6fd08c; --p3: #c4a7ff; } }
body { max-width: 78rem; }
td:last-child, th:last-child { text-align: left; }
.cell { border: 1px solid var(--line); border-left-width: 5px; border-radius: 8px;
  padding: .8rem 1rem; margin: 1rem 0; }
.cell.valid { border-left-color: var(--good); }
.cell.unsteady { border-left-color: var(--unsure); }
.cell.invalid { border-left-color: var(--bad); }
.cell h3 { margin: 0 0 .2rem; overflow-wrap: anywhere; } .cell p { margin: .2rem 0; }
.word { font-weight: 600; } .valid .word { color: var(--good); }
.unsteady .word { color: var(--unsure); } .invalid .word { color: var(--bad); }
.drawings { display: flex; flex-wrap: wrap; gap: .6rem 1.5rem; margin-top: .5rem; }
figure.drawn { margin: 0; flex: 1 1 26rem; min-width: 0; max-width: 36rem; }
figure.wide { max-width: none; overflow-x: auto; }
figure.wide svg { min-width: 42rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--faint); }
svg text.name { fill: var(--ink); } svg .grid { stroke: var(--line); }
svg .cloud { fill: var(--cloud); } svg .step { fill: none; stroke: var(--accent); stroke-width: 2; }
svg .mark { stroke: var(--ink); stroke-width: 1.2; } svg .p50 { stroke-width: 3; }
svg text.at { fill: var(--ink); }
svg .middle { stroke: var(--ink); stroke-dasharray: 4 4; opacity: .6; }
svg .interval { fill: var(--accent); fill-opacity: .25; }
svg .p0 { fill: var(--p0); stroke: var(--p0); } svg .p1 { fill: var(--p1); stroke: var(--p1); }
svg .p2 { fill: var(--p2); stroke: var(--p2); } svg .p3 { fill: var(--p3); stroke: var(--p3); }
svg .odd { opacity: .55; } svg .turn circle { stroke: none; } svg .turn line { opacity: .5; }
ul.said { padding-left: 1.2rem; } ul.said li { margin: .3rem 0; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { .cell { break-inside: avoid; } }
""".strip()
