import type { JoinSource } from "./join-by-snapshot.ts";
import { listSnapshots } from "./list-snapshots.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** The place that an operator configured: older ones are there too, if the newest is damaged. */
export const storeSource = (open: () => Promise<SnapshotStore>): JoinSource => ({
  name: "the configured store",
  async visit(work) {
    const store = await open();
    try {
      const { snapshots } = await listSnapshots(store);
      return await work(snapshots, store);
    } finally {
      await store.close();
    }
  },
});
