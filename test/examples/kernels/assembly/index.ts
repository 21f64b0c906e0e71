// Kernels for `npm run bench -- metering`: each does `turns` of one kind of work and gives a number
// that depends on all of it.

/** Integers: a chain of SHA-256 compressions, each over the digest of the one before. */
export function integers(turns: u32): u32 {
  for (let i = 0; i < 8; i++) state[i] = INITIAL[i];
  for (let turn: u32 = 0; turn < turns; turn++) compress();
  return state[0];
}

const INITIAL: StaticArray<u32> = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const state = new StaticArray<u32>(8);
const words = new StaticArray<u32>(64);

function compress(): void {
  for (let i = 0; i < 16; i++) words[i] = state[i & 7];
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15];
    const y = words[i - 2];
    const s0 = rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
    const s1 = rotr<u32>(y, 17) ^ rotr<u32>(y, 19) ^ (y >> 10);
    words[i] = words[i - 16] + s0 + words[i - 7] + s1;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + 0x428a2f98 + words[i];
    const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/** Floats at their worst: the product of two matrices, where each step makes a NaN possible. */
export function matrices(turns: u32): u32 {
  const n = 64;
  for (let i = 0; i < n * n; i++) {
    left[i] = f64(i % 17) / 16;
    right[i] = f64(i % 13) / 12;
  }
  let sum: f64 = 0;
  for (let turn: u32 = 0; turn < turns; turn++) {
    for (let row = 0; row < n; row++)
      for (let column = 0; column < n; column++) {
        let cell: f64 = 0;
        for (let k = 0; k < n; k++) cell += left[row * n + k] * right[k * n + column];
        sum += cell;
      }
    left[0] = sum % 2;
  }
  return u32(sum % 4294967296);
}

const left = new StaticArray<f64>(64 * 64);
const right = new StaticArray<f64>(64 * 64);

/** Floats as programs use them: escape times of points of the plane. */
export function escapes(turns: u32): u32 {
  let total: u32 = 0;
  for (let turn: u32 = 0; turn < turns; turn++) {
    const cx = f64(turn % 640) / 200 - 2.2;
    const cy = f64(turn % 399) / 200 - 1;
    let x: f64 = 0;
    let y: f64 = 0;
    for (let i = 0; i < 100 && x * x + y * y <= 4; i++) {
      const next = x * x - y * y + cx;
      y = 2 * x * y + cy;
      x = next;
      total++;
    }
  }
  return total;
}

/** Bytes and branches: a text is cut into words, and each is counted in a hash table. */
export function counting(turns: u32): u32 {
  let seed: u32 = 1;
  for (let i = 0; i < TEXT; i++) {
    seed = seed * 1664525 + 1013904223;
    text[i] = seed >> 24 < 48 ? 0x20 : u8(0x61 + ((seed >> 16) % 20));
  }
  for (let turn: u32 = 0; turn < turns; turn++) {
    let hash: u32 = 0;
    for (let i = 0; i < TEXT; i++) {
      const byte = text[i];
      if (byte == 0x20) {
        counts[hash & 4095]++;
        hash = 0;
      } else hash = (hash ^ byte) * 16777619;
    }
  }
  return counts[0] + counts[77];
}

const TEXT: i32 = 65_536;
const text = new StaticArray<u8>(65_536);
const counts = new StaticArray<u32>(4_096);

/** Calls, comparisons and scattered memory: quicksort. */
export function sorts(turns: u32): u32 {
  let seed: u32 = 7;
  for (let turn: u32 = 0; turn < turns; turn++) {
    for (let i = 0; i < 4_096; i++) {
      seed = seed * 1664525 + 1013904223;
      items[i] = seed;
    }
    sort(0, 4_095);
  }
  return items[0] ^ items[2_048];
}

const items = new StaticArray<u32>(4_096);

function sort(first: i32, last: i32): void {
  let low = first;
  let high = last;
  const middle = items[(first + last) >> 1];
  while (low <= high) {
    while (items[low] < middle) low++;
    while (items[high] > middle) high--;
    if (low > high) break;
    const kept = items[low];
    items[low++] = items[high];
    items[high--] = kept;
  }
  if (first < high) sort(first, high);
  if (low < last) sort(low, last);
}

export function stop(_message: usize, _file: usize, _line: u32, _column: u32): void {
  unreachable();
}
