import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** What a process did that others can see: a file or folder it made or changed, or an address it turned to. */
export interface Deed {
  readonly kind: 'wrote' | 'turned to';
  readonly what: string;
}

/** Options of `strace`, for processes whose deeds are read from files that begin with `prefix`. */
export function straceOptions(prefix: string): string[] {
  const calls =
    'open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,symlink,symlinkat,link,linkat,connect,sendto';
  return ['-f', '-ff', '--seccomp-bpf', '-qq', '-y', '-s', '4096', '-o', prefix, '-e', `trace=${calls}`];
}

/** All deeds in the files of one run of `strace`, in no order. `cwd` is where relative paths begin. */
export async function readDeeds(prefix: string, cwd: string): Promise<Deed[]> {
  const names = (await readdir(dirname(prefix))).filter((name) => name.startsWith(`${basename(prefix)}.`));
  const texts = await Promise.all(names.map((name) => readFile(join(dirname(prefix), name), 'utf8')));
  return texts.flatMap((text) => text.split('\n').flatMap((line) => deedOf(line, cwd) ?? []));
}

/** What a line of `strace` tells; undefined for a call that changed nothing, or failed. */
export function deedOf(line: string, cwd: string): Deed | undefined {
  const [, call = '', args = '', outcome = ''] = /^(\w+)\((.*)\)\s+= (-?\d+.*)$/.exec(line) ?? [];
  // A connection that is not refused yet has been asked for, and one that is was asked for too.
  if (call === 'connect' || call === 'sendto') return addressIn(args);
  if (outcome.startsWith('-')) return undefined;
  if (call.startsWith('open') && !/O_(WRONLY|RDWR|CREAT)/.test(args)) return undefined;
  const [, opened] = /<(\/[^>]*)>$/.exec(outcome) ?? [];
  const named = [...args.matchAll(/(?:<([^>"]*)>, )?"((?:[^"\\]|\\.)*)"/g)].at(-1);
  if (!named && opened === undefined) return undefined;
  const path = opened ?? resolve(named?.[1] ?? cwd, named?.[2] ?? '');
  return path.startsWith('/dev/') || path.startsWith('/proc/self/') ? undefined : { kind: 'wrote', what: path };
}

function addressIn(args: string): Deed | undefined {
  const [, port] = /sin6?_port=htons\((\d+)\)/.exec(args) ?? [];
  const [, address] = /inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"/.exec(args) ?? [];
  const [, path] = /sun_path=@?"([^"]+)"/.exec(args) ?? [];
  if (path !== undefined) return { kind: 'turned to', what: path };
  // Port 0 asks the kernel for a route, and sends nothing.
  return address === undefined || port === '0' ? undefined : { kind: 'turned to', what: `${address} ${port ?? ''}` };
}
