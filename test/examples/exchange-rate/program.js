/**
 * Fetches today's exchange rates and converts an amount: work that is not deterministic (`record-replay`).
 * Input: { rates: the address of { base, rates: { CODE: number } }, amount, from, to }.
 */
async function main(inputs) {
  const { rates: address, amount, from, to } = inputs[0].json();
  const page = await world.fetch(address);
  if (page.status !== 200) throw new Error(`${address} answers ${page.status}`);
  const { base, rates } = JSON.parse(page.body);
  const rateOf = (code) => {
    if (code === base) return 1;
    if (typeof rates[code] !== "number") throw new Error(`no rate of ${code} is there`);
    return rates[code];
  };
  const cents = Math.round((100 * amount * rateOf(to)) / rateOf(from));
  return { amount, from, to, result: cents / 100 };
}
