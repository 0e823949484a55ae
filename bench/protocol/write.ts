/** Writes what the docs say of the protocol and code knows: docs/protocol.json, and the messages in docs/protocol.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { inSection } from '../markdown.js';
import { describeProtocol } from './describe.js';
import { capabilityTable, messageSections } from './markdown.js';

/** Paths relative to the root of the project. */
export const pages = { json: 'docs/protocol.json', markdown: 'docs/protocol.md' } as const;

/** Both pages as they should be, given the Markdown one as it is. */
export async function protocolPages(markdown: string): Promise<{ readonly json: string; readonly markdown: string }> {
  const config = await resolveConfig(pages.markdown);
  const listed = inSection(markdown, 'capabilities', capabilityTable());
  const page = inSection(listed, 'messages', messageSections());
  return {
    json: await format(JSON.stringify(describeProtocol()), { ...config, parser: 'json' }),
    markdown: await format(page, { ...config, parser: 'markdown' }),
  };
}

export async function writeProtocol(): Promise<void> {
  const { json, markdown } = await protocolPages(await readFile(pages.markdown, 'utf8'));
  await writeFile(pages.json, json);
  await writeFile(pages.markdown, markdown);
}
