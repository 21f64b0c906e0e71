/** What a summary must be: short, and about the ticket, as the verifier's own model sees it. */
async function main([summary, ticket]) {
  const text = summary.text();
  if (text === "" || text.split(/\s+/).length > 40) return { pass: false, why: "its length" };
  const { text: said } = await world.model([
    { role: "system", content: "Answer YES or NO: does the summary say what the ticket says?" },
    { role: "user", content: `Ticket:\n${ticket.text()}\n\nSummary:\n${text}` },
  ]);
  return { pass: /^\s*yes\b/i.test(said) };
}
