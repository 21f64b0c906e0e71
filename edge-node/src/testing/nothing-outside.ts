import type { OutsideParts } from "../worker/outside/outside.ts";

/** For nodes whose programs ask the world nothing. */
export const nothingOutside: OutsideParts = {
  services: { fetchPage: null, askModel: null, serves: () => false },
  transcripts: { get: async () => null, put: async () => {}, forget: async () => {} },
};
