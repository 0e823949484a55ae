/** A run as one HTML file: this very page, with its script, its style and what it shows written into it. */
import type { DashboardState } from '../../shared/dashboard/state.js';
import { siteAddress } from '../site.js';
import { byId } from './dom.js';

const DATA = 'saved-run';
/** The file talks to nobody. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

interface Sources {
  readonly html: string;
  readonly script: string;
  readonly style: string;
}

/** What the file holds that this page was opened from; null for a page that a server sent. */
export function savedRun(): DashboardState | null {
  const data = document.getElementById(DATA)?.textContent;
  return data ? (JSON.parse(data) as DashboardState) : null;
}

/** What the page was made of, fetched at its beginning: at the end of the run the server may be gone. */
export async function loadSources(): Promise<Sources> {
  const text = async (path: string) => (await fetch(siteAddress() + path)).text();
  const [html, script, style] = await Promise.all(['', 'dashboard/page.js', 'dashboard/page.css'].map(text));
  return { html: html ?? '', script: script ?? '', style: style ?? '' };
}

export function htmlOf(state: DashboardState, { html, script, style }: Sources): string {
  // Nothing in the data or the script may end the element it stands in. Functions: `$` has a meaning in replacements.
  const data = JSON.stringify(state).replaceAll('<', '\\u003c');
  const code = script
    .replaceAll('</script', '<\\/script')
    .replaceAll('<!--', '<\\!--')
    .replace(/^\/\/# .*$/m, '');
  return html
    .replace(
      '<meta charset="utf-8" />',
      (tag) => `${tag}\n    <meta http-equiv="content-security-policy" content="${POLICY}" />`,
    )
    .replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${style.replaceAll('</style', '<\\/style')}</style>`)
    .replace(/<script type="module" src=[^>]*><\/script>/, '')
    .replace(
      '</body>',
      () =>
        `<script type="application/json" id="${DATA}">${data}</script>\n<script type="module">${code}</script>\n</body>`,
    );
}

/** Makes the button save what the page shows, as soon as it can. */
export function saveButton(current: () => DashboardState | null): void {
  const button = byId<HTMLButtonElement>('export');
  void loadSources().then((sources) => {
    button.disabled = false;
    button.addEventListener('click', () => {
      const state = current();
      if (state)
        download(htmlOf(state, sources), `tandem-${safe(state.facts.task)}-${state.facts.run.slice(0, 8)}.html`);
    });
  });
}

function download(html: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function safe(name: string): string {
  return name.replace(/[^\w-]+/g, '-');
}
