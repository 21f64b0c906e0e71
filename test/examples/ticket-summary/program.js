/**
 * Lets the worker's language model write one sentence about a ticket. Models do not say the same twice: so
 * two runs are held against each other (`quorum-similarity`), a rubric judges it (`judged`), or it is a
 * worker's word (`attested`).
 */
async function main(inputs) {
  const ticket = inputs[0].text();
  const { text } = await world.model(
    [
      { role: "system", content: "Summarise the ticket in one sentence of at most 30 words." },
      { role: "user", content: ticket },
    ],
    { maxTokens: 100 },
  );
  return new Uint8Array([...unescape(encodeURIComponent(text.trim()))].map((c) => c.charCodeAt(0)));
}
