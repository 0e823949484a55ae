/** A check of the product that is taken out while its module is loaded: what the campaign is there to find. */
export interface PlantedBug {
  /** As in docs/security.md: what clients claim, report, spoil, have kept, hold, hold up, get in by, and write. */
  readonly kind: string;
  /** The module, below the folder of what was built. */
  readonly module: string;
  /** Exactly one place in it. */
  readonly from: string;
  readonly to: string;
  /** What seeds are about in which it could show, an expression. */
  readonly about: string;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    kind: 'A: claimed numbers are looped over',
    module: 'server/run/active-turn.js',
    from: 'if (this.order.isLeftBy(waits))',
    to: 'if (false)',
    about: 'clients \\S+ (splitfed-v2|local-loss)',
  },
  {
    kind: 'B: reports are believed',
    module: 'shared/metrics/possible-report.js',
    from: 'if (!Number.isFinite(value) || (value >= least && value <= most * (1 + SLACK)))',
    to: 'if (true)',
    about: 'clients (u-shaped|vanilla fedavg)',
  },
  {
    kind: 'C: merges are not tried',
    module: 'server/run/merge-trial.js',
    from: 'async isUsable(model, before) {',
    to: 'async isUsable(model, before) { return true;',
    about: 'clients \\S+ (splitfed|fedavg|local|async)',
  },
  {
    kind: 'D: a line is kept of every refusal',
    module: 'server/observe/refusal-throttle.js',
    from: 'if (entry.told >= TOLD)',
    to: 'if (false)',
    about: 'door',
  },
  {
    kind: 'E: places are held by a hello',
    module: 'server/run/places.js',
    from: 'makeWay(only) {',
    to: 'makeWay(only) { return false;',
    about: 'clients',
  },
  {
    kind: 'F: a sign of life is taken for progress',
    module: 'server/run/stragglers.js',
    from: 'const isSlow = !waits(client) && (heard.get(client) ?? 0) < FEWEST;',
    to: 'const isSlow = false;',
    about: 'clients \\S+ sequential',
  },
  {
    kind: 'G: names of others open the door',
    module: 'server/http/served-names.js',
    from: 'has(host) {',
    to: 'has(host) { return true;',
    about: 'door',
  },
  {
    kind: "H: another's text is shown as it is",
    module: 'shared/plain-line.js',
    from: '.replace(UNSEEN,',
    to: '.replace(/$^/,',
    about: 'clients',
  },
];
