/** Of WebCrypto, what matching rows asks for. */
const NAMES = ['importKey', 'deriveBits'] as const;

let pending = 0;

/** How many answers of WebCrypto, which computes in threads of its own, are waited for. */
export function awaitedCrypto(): number {
  return pending;
}

for (const name of NAMES) {
  const ask = crypto.subtle[name].bind(crypto.subtle) as (...asked: unknown[]) => Promise<unknown>;
  const value = (...asked: unknown[]) => {
    pending++;
    return ask(...asked).finally(() => pending--);
  };
  Object.defineProperty(crypto.subtle, name, { value, configurable: true });
}
