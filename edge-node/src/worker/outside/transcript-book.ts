import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { OrderId } from "@meshwork/foundation";
import { type Transcript, transcript } from "@meshwork/protocol";
import { readIfThere, replaceFile } from "../../chain/store/durable-file.ts";

/**
 * What the world told this node's runs, until their tasks are over: a node that was killed between its run
 * and its reveal says the same again, where asking anew would give another answer. It may hold what others
 * shall not see: the folder is the owner's alone.
 */
export interface TranscriptBook {
  get(orderId: OrderId, attempt: number): Promise<Transcript | null>;
  /** Durable when it resolves. */
  put(orderId: OrderId, attempt: number, value: Transcript): Promise<void>;
  /** All attempts of the order. */
  forget(orderId: OrderId): Promise<void>;
}

export async function openTranscriptBook(folder: string): Promise<TranscriptBook> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (orderId: OrderId, attempt: number) =>
    join(folder, `${orderId}.${attempt}.transcript`);
  return {
    async get(orderId, attempt) {
      const bytes = await readIfThere(pathOf(orderId, attempt));
      return bytes && transcript.decode(bytes);
    },
    put: (orderId, attempt, value) =>
      replaceFile(pathOf(orderId, attempt), transcript.encode(value)),
    async forget(orderId) {
      const names = await readdir(folder);
      const own = names.filter((name) => name.startsWith(`${orderId}.`));
      await Promise.all(own.map((name) => rm(join(folder, name), { force: true })));
    },
  };
}
