import { concat, type Digest, toHex } from "@meshwork/foundation";

/**
 * SM3 where there is no OpenSSL (browsers), written from GB/T 32905-2016; the section numbers are
 * that standard's. The tests compare it with OpenSSL for every length around a block boundary.
 */
export function sm3(...parts: readonly Uint8Array[]): Uint8Array {
  const message = pad(concat(...parts));
  const view = new DataView(message.buffer);
  const state = Uint32Array.from(INITIAL);
  for (let offset = 0; offset < message.length; offset += BLOCK) compress(state, view, offset);
  const result = new Uint8Array(32);
  const out = new DataView(result.buffer);
  state.forEach((word, i) => {
    out.setUint32(4 * i, word);
  });
  return result;
}

export function sm3Hex(...parts: readonly Uint8Array[]): Digest {
  return toHex(sm3(...parts)) as Digest;
}

const BLOCK = 64;

/** 4.1: the initial value. */
const INITIAL = [
  0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
];

/** 4.2: T(j) <<< j, as the compression function wants it. */
const ROUND = Uint32Array.from({ length: 64 }, (_, j) =>
  rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j),
);

function rotate(word: number, bits: number): number {
  return (word << (bits & 31)) | (word >>> (-bits & 31));
}

/** 4.4: the permutations. */
const p0 = (x: number) => x ^ rotate(x, 9) ^ rotate(x, 17);
const p1 = (x: number) => x ^ rotate(x, 15) ^ rotate(x, 23);

/** 5.2: a one bit, zeros up to 56 bytes modulo 64, and the length in bits over eight bytes. */
function pad(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / BLOCK) * BLOCK);
  padded.set(message);
  padded[message.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  return padded;
}

const w = new Uint32Array(68);
/** Every index below is within `w`: the loops' bounds show it. */
const word = (j: number) => w[j] as number;

/** 5.3.2: one block becomes 68 words. */
function expand(view: DataView, offset: number): void {
  for (let j = 0; j < 16; j++) w[j] = view.getUint32(offset + 4 * j);
  for (let j = 16; j < 68; j++)
    w[j] =
      p1(word(j - 16) ^ word(j - 9) ^ rotate(word(j - 3), 15)) ^
      rotate(word(j - 13), 7) ^
      word(j - 6);
}

/** 5.3.3: the compression function; `state` is V(i) and becomes V(i + 1). */
function compress(state: Uint32Array, view: DataView, offset: number): void {
  expand(view, offset);
  let [a, b, c, d, e, f, g, h] = state as unknown as Words;
  for (let j = 0; j < 64; j++) {
    const ss1 = rotate((rotate(a, 12) + e + (ROUND[j] as number)) | 0, 7);
    const ss2 = ss1 ^ rotate(a, 12);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + ss2 + (word(j) ^ word(j + 4))) | 0;
    const tt2 = (gg + h + ss1 + word(j)) | 0;
    d = c;
    c = rotate(b, 9);
    b = a;
    a = tt1;
    h = g;
    g = rotate(f, 19);
    f = e;
    e = p0(tt2);
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => {
    state[i] = (state[i] as number) ^ value;
  });
}

type Words = [number, number, number, number, number, number, number, number];
