const ONE = 65_536n;

/** The largest x in Q16 with P(Beta(a, b) ≤ x) ≤ 5 %, for whole a and b, exactly. */
export function quantile(a: number, b: number): number {
  let low = 0;
  let high = 65_536;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (isBelowFivePercent(a, b, middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** P(Beta(a, b) ≤ x) = P(Binomial(n, x) ≥ a) with n = a + b − 1, held against 1/20 times 65,536^n. */
function isBelowFivePercent(a: number, b: number, x: number): boolean {
  const n = a + b - 1;
  const hit = BigInt(x);
  const miss = ONE - hit;
  // From k = n downward: C(n, k) x^k (1 − x)^(n − k).
  let sum = 0n;
  let choose = 1n;
  for (let k = n; k >= a; k--) {
    sum += choose * hit ** BigInt(k) * miss ** BigInt(n - k);
    choose = (choose * BigInt(k)) / BigInt(n - k + 1);
  }
  return sum * 20n <= ONE ** BigInt(n);
}
