import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type ContentId, contentId } from "@meshwork/foundation";
import { z } from "zod";

/** A liar can make as many as he likes; those that were offered last are the ones that are offered again. */
const REMEMBERED = 256;

const file = z.array(contentId).max(REMEMBERED);

/** Manifests whose chunks were fetched and found to be another state: at the next start, too, they are passed over. */
export interface ForgedManifests {
  has(id: ContentId): boolean;
  add(id: ContentId): Promise<void>;
}

/** What cannot be read is forgotten: it is fetched and refused once more. */
export async function openForgedManifests(path: string): Promise<ForgedManifests> {
  let ids = await readFile(path, "utf8")
    .then((text) => file.parse(JSON.parse(text)))
    .catch((): ContentId[] => []);
  return {
    has: (id) => ids.includes(id),
    async add(id) {
      ids = [...ids.filter((one) => one !== id), id].slice(-REMEMBERED);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.unfinished`, JSON.stringify(ids));
      await rename(`${path}.unfinished`, path);
    },
  };
}
