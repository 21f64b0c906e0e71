import { limits } from "@meshwork/foundation";
import { MemoryDatastore } from "datastore-core";
import type { Key } from "interface-datastore";

/**
 * libp2p's memory, with a bound on the records that others store here: a valid record costs its maker
 * two signatures, and this node half a KB for a day. The longest untouched goes first; honest nodes
 * publish theirs again every ten minutes.
 */
export class BoundedDatastore extends MemoryDatastore {
  readonly #records = new Map<string, Key>();

  override put(key: Key, value: Uint8Array): Key | Promise<Key> {
    const name = key.toString();
    if (name.startsWith(RECORDS)) {
      this.#records.delete(name);
      this.#records.set(name, key);
      for (const [oldest, oldestKey] of this.#records) {
        if (this.#records.size <= limits.nodeRecordsKept) break;
        this.delete(oldestKey);
        this.#records.delete(oldest);
      }
    }
    return super.put(key, value);
  }
}

/** Where kad-dht keeps what it was asked to store. */
const RECORDS = "/dht/record/";
