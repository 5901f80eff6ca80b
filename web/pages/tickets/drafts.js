/**
 * What somebody has written and not sent, kept by the browser under user and ticket.
 * A draft goes when it is sent or its author signs out; a session that merely ends leaves it.
 */

/** How every draft's key begins; signing out removes what begins so. */
export const PREFIX = 'tessera:draft:';
/** Drafts of one person; of more the oldest go. A page full of tabs has fewer. */
export const DRAFTS_MAX = 200;
/** Days after which a draft is forgotten: a shared browser must not keep texts for ever. */
export const DRAFT_DAYS = 30;

/** @typedef {'reply'|'note'|'title'|'new'} DraftKind */
/** @typedef {{text: string, at: number, key: string, status?: string}} Draft */

/** The drafts of one person. */
export class Drafts {
  #storage;
  #prefix;
  #now;

  /** @param {Storage} storage @param {number} user @param {() => number} [now] */
  constructor(storage, user, now = Date.now) {
    this.#storage = storage;
    this.#prefix = `${PREFIX}${user}:`;
    this.#now = now;
  }

  /** @param {number|string} ticket @param {DraftKind} kind */
  #key(ticket, kind) {
    return `${this.#prefix}${ticket}:${kind}`;
  }

  /** @param {number|string} ticket @param {DraftKind} kind @returns {Draft|null} */
  load(ticket, kind) {
    const draft = read(this.#storage, this.#key(ticket, kind));
    return draft && this.#now() - draft.at <= DRAFT_DAYS * 86_400_000 ? draft : null;
  }

  /**
   * Keeps a draft, or forgets it if it is empty. False where the browser keeps nothing (private
   * windows, no room): then the page must say so.
   * @param {number|string} ticket @param {DraftKind} kind
   * @param {{text: string, key: string, status?: string}} draft `key` names the change when it is sent
   */
  save(ticket, kind, draft) {
    if (draft.text === '') {
      this.clear(ticket, kind);
      return true;
    }
    try {
      this.#storage.setItem(this.#key(ticket, kind), JSON.stringify({ ...draft, at: this.#now() }));
      this.#trim();
      return true;
    } catch {
      return false;
    }
  }

  /** @param {number|string} ticket @param {DraftKind} kind */
  clear(ticket, kind) {
    try {
      this.#storage.removeItem(this.#key(ticket, kind));
    } catch {
      // What cannot be reached is not kept either.
    }
  }

  /** Forgets what is too old and, beyond the limit, the oldest. */
  #trim() {
    const all = keys(this.#storage, this.#prefix)
      .map((key) => ({ key, at: read(this.#storage, key)?.at ?? 0 }))
      .sort((one, other) => other.at - one.at);
    const oldest = this.#now() - DRAFT_DAYS * 86_400_000;
    for (const [index, { key, at }] of all.entries()) {
      if (index >= DRAFTS_MAX || at < oldest) this.#storage.removeItem(key);
    }
  }
}

/** Forgets all drafts, of whoever: for signing out. @param {Storage} storage */
export function forgetAll(storage) {
  for (const key of keys(storage, PREFIX)) storage.removeItem(key);
}

/** @param {Storage} storage @param {string} prefix @returns {string[]} */
function keys(storage, prefix) {
  const all = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
  return all.filter((key) => key.startsWith(prefix));
}

/** @param {Storage} storage @param {string} key @returns {Draft|null} */
function read(storage, key) {
  try {
    const draft = JSON.parse(storage.getItem(key) ?? 'null');
    const isDraft = draft && typeof draft.text === 'string' && typeof draft.at === 'number' && typeof draft.key === 'string';
    return isDraft ? draft : null;
  } catch {
    return null;
  }
}
