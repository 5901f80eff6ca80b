// Where things are: the binary, the browser, the material, what may be thrown away.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const below = (/** @type {string} */ path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const BINARY = process.env.TESSERA_BIN ?? below('target/debug/tessera');
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const OUT = below('target/ui');
export const IMAGES = below('docs/images');
/** The tracker that is imported; not everybody has it. */
export const TITANIUM = below('../shared/data/titanium-support/tickets.jsonl.gz');
export const hasTitanium = existsSync(TITANIUM);
