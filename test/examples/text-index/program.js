// Builds an inverted index over documents: for every word, the documents that hold it and how often, with the numbers that a
// ranking by BM25 needs. Runs as `js-qjs-v1`, one block of documents a step.
//
// Input 0: JSON, [{ "id": "…", "text": "…" }, …]. State: the index so far. Output: the whole index, by the last step.

const DOCUMENTS_A_STEP = 50;

/** Called by the runtime, by these names. */
globalThis.steps = (inputs) => Math.max(1, Math.ceil(inputs[0].json().length / DOCUMENTS_A_STEP));

globalThis.step = (index, state, inputs) => {
  const documents = inputs[0].json();
  const first = index * DOCUMENTS_A_STEP;
  const block = documents.slice(first, first + DOCUMENTS_A_STEP);
  const built = state ?? { lengths: {}, words: {} };
  for (const { id, text } of block) add(built, String(id), wordsOf(String(text)));
  const isLast = first + DOCUMENTS_A_STEP >= documents.length;
  return { state: isLast ? null : built, output: isLast ? finished(built) : undefined };
};

/** Lower-case words of letters and digits, without the commonest. */
const wordsOf = (text) =>
  (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !COMMON.has(word));

const COMMON = new Set(
  "a an and are as at be by for from in is it of on or that the to was with".split(" "),
);

function add(built, id, words) {
  if (Object.hasOwn(built.lengths, id)) throw new Error(`two documents are called ${id}`);
  built.lengths[id] = words.length;
  for (const word of words) {
    // A key of its own, so that a word such as "constructor" is a word.
    const key = `:${word}`;
    built.words[key] ??= {};
    built.words[key][id] = (built.words[key][id] ?? 0) + 1;
  }
}

function finished({ lengths, words }) {
  const documents = Object.keys(lengths).length;
  const total = Object.values(lengths).reduce((sum, length) => sum + length, 0);
  const postings = Object.entries(words).map(([key, counts]) => [key.slice(1), counts]);
  return {
    documents,
    averageLength: documents === 0 ? 0 : total / documents,
    lengths,
    index: Object.fromEntries(
      postings.map(([word, counts]) => {
        const holding = Object.keys(counts).length;
        const rarity = Math.log(1 + (documents - holding + 0.5) / (holding + 0.5));
        return [word, { rarity, documents: counts }];
      }),
    ),
  };
}
