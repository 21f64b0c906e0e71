// Puts indexes of `program.js`, each over some of the documents, together into the index over all of them: the same, to
// the last byte, as if one task had read everything. Runs as `js-qjs-v1`.
//
// Inputs: the outputs of the parts, in any number. Output: one index.

/** Called by the runtime, by this name. */
globalThis.main = (inputs) => {
  const parts = inputs.map((input) => input.json());
  const lengths = {};
  for (const part of parts)
    for (const [id, length] of Object.entries(part.lengths)) {
      if (Object.hasOwn(lengths, id)) throw new Error(`two documents are called ${id}`);
      lengths[id] = length;
    }
  const documents = Object.keys(lengths).length;
  const total = Object.values(lengths).reduce((sum, length) => sum + length, 0);
  const averageLength = documents === 0 ? 0 : total / documents;
  return { documents, averageLength, lengths, index: indexOf(parts, documents) };
};

function indexOf(parts, documents) {
  const words = new Map();
  for (const { index } of parts)
    for (const [word, { documents: counts }] of Object.entries(index))
      words.set(word, Object.assign(words.get(word) ?? {}, counts));
  return Object.fromEntries(
    [...words].map(([word, counts]) => {
      const holding = Object.keys(counts).length;
      const rarity = Math.log(1 + (documents - holding + 0.5) / (holding + 0.5));
      return [word, { rarity, documents: counts }];
    }),
  );
}
