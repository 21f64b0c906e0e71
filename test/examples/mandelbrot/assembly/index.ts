// Renders the Mandelbrot set as a PNG file, one horizontal band a step. Runs as `wasm-step-v1`.
//
// Input 0, optional: text of six numbers, "width height centreX centreY span iterations".
// Output: the bands in order make up the file. Each band is an IDAT chunk of its own; PNG allows as
// many as one likes. State: the Adler-32 of the picture's bytes so far, which ends the zlib stream.

@external("task", "input_size") declare function inputSize(index: u32): u32;
@external("task", "input_read")
declare function inputRead(index: u32, offset: u32, address: usize, length: u32): u32;
@external("task", "state_read") declare function stateRead(address: usize, length: u32): u32;
@external("task", "state_write") declare function stateWrite(address: usize, length: u32): void;
@external("task", "output_write") declare function outputWrite(address: usize, length: u32): void;

const ROWS_PER_BAND: u32 = 20;
const COLOURS: u32 = 256;

let width: u32 = 640;
let height: u32 = 400;
let centreX: f64 = -0.65;
let centreY: f64 = 0;
let span: f64 = 3.4;
let iterations: u32 = 300;
readInput();

export function steps(): u32 {
  return (height + ROWS_PER_BAND - 1) / ROWS_PER_BAND;
}

export function step(band: u32): void {
  const first = band * ROWS_PER_BAND;
  const rows = min(ROWS_PER_BAND, height - first);
  const last = first + rows == height;
  if (band == 0) writeHeader();

  const pixels = renderRows(first, rows);
  const chunk = new Bytes(pixels.length + 16);
  if (band == 0) chunk.u16(0x7801); // zlib: deflate, nothing compressed
  chunk.u8(last ? 1 : 0); // a stored block, and whether it is the last
  chunk.u16le(pixels.length);
  chunk.u16le(~pixels.length);
  chunk.append(pixels);

  const adler = adler32(readState(), pixels);
  if (last) chunk.u32(adler);
  writeChunk(0x49444154, chunk); // IDAT
  if (last) writeChunk(0x49454e44, new Bytes(0)); // IEND
  writeState(adler);
}

/** Rows of palette indices, each behind the number of its filter, which is 0: none. */
function renderRows(first: u32, rows: u32): Bytes {
  const pixels = new Bytes(rows * (width + 1));
  const scale = span / f64(width);
  for (let y: u32 = first; y < first + rows; y++) {
    pixels.u8(0);
    const cy = centreY + (f64(y) - f64(height) / 2) * scale;
    for (let x: u32 = 0; x < width; x++)
      pixels.u8(colourAt(centreX + (f64(x) - f64(width) / 2) * scale, cy));
  }
  return pixels;
}

/** 0 inside the set; outside, the smoothed number of iterations until escape, on a wheel of colours. */
function colourAt(cx: f64, cy: f64): u32 {
  let x: f64 = 0;
  let y: f64 = 0;
  for (let i: u32 = 0; i < iterations; i++) {
    const x2 = x * x;
    const y2 = y * y;
    if (x2 + y2 > 256) {
      const smooth = f64(i) + 1 - Math.log2(Math.log2(x2 + y2) / 2);
      return 1 + (u32(24 * Math.sqrt(max(smooth, 0))) % (COLOURS - 1));
    }
    y = 2 * x * y + cy;
    x = x2 - y2 + cx;
  }
  return 0;
}

function writeHeader(): void {
  const signature = new Bytes(8);
  signature.u32(0x89504e47);
  signature.u32(0x0d0a1a0a);
  outputWrite(signature.address, signature.length);

  const header = new Bytes(13);
  header.u32(width);
  header.u32(height);
  header.u8(8); // bits a pixel
  header.u8(3); // indices into a palette
  header.u8(0);
  header.u8(0);
  header.u8(0);
  writeChunk(0x49484452, header); // IHDR

  const palette = new Bytes(3 * COLOURS);
  for (let i: u32 = 0; i < COLOURS; i++)
    for (let channel: u32 = 0; channel < 3; channel++) palette.u8(i == 0 ? 0 : wave(i, channel));
  writeChunk(0x504c5445, palette); // PLTE
}

/** Three cosines, each a little behind the one before. */
function wave(colour: u32, channel: u32): u32 {
  const turn = f64(colour) / f64(COLOURS - 1) + 0.55 + 0.13 * f64(channel);
  return u32(127.5 - 127.5 * Math.cos(2 * Math.PI * turn));
}

function writeChunk(type: u32, contents: Bytes): void {
  const chunk = new Bytes(contents.length + 12);
  chunk.u32(contents.length);
  chunk.u32(type);
  chunk.append(contents);
  chunk.u32(crc32(chunk.address + 4, contents.length + 4));
  outputWrite(chunk.address, chunk.length);
}

function crc32(address: usize, length: u32): u32 {
  let crc: u32 = 0xffffffff;
  for (let i: u32 = 0; i < length; i++) {
    crc ^= load<u8>(address + i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
  }
  return ~crc;
}

function adler32(before: u32, bytes: Bytes): u32 {
  let a = before & 0xffff;
  let b = before >> 16;
  for (let i: u32 = 0; i < bytes.length; i++) {
    a = (a + load<u8>(bytes.address + i)) % 65521;
    b = (b + a) % 65521;
  }
  return (b << 16) | a;
}

function readState(): u32 {
  const bytes = new Bytes(4);
  return stateRead(bytes.address, 4) == 4 ? load<u32>(bytes.address) : 1;
}

function writeState(adler: u32): void {
  const bytes = new Bytes(4);
  store<u32>(bytes.address, adler);
  stateWrite(bytes.address, 4);
}

function readInput(): void {
  const size = inputSize(0);
  if (size == 0) return;
  assert(size <= 200, "the input is six numbers");
  const bytes = new Bytes(size);
  inputRead(0, 0, bytes.address, size);
  const numbers = String.UTF8.decodeUnsafe(bytes.address, size).trim().split(" ");
  assert(numbers.length == 6, "the input is six numbers");
  width = u32(parseInt(numbers[0]));
  height = u32(parseInt(numbers[1]));
  centreX = parseFloat(numbers[2]);
  centreY = parseFloat(numbers[3]);
  span = parseFloat(numbers[4]);
  iterations = u32(parseInt(numbers[5]));
  assert(width >= 1 && width <= 3000 && height >= 1 && height <= 100000, "1 to 3000 by 100000 pixels");
}

/** Bytes that are written from front to back; numbers big-endian unless they say otherwise. */
class Bytes {
  address: usize;
  length: u32 = 0;

  constructor(capacity: u32) {
    this.address = heap.alloc(capacity);
  }

  u8(value: u32): void {
    store<u8>(this.address + this.length, value);
    this.length += 1;
  }

  u16(value: u32): void {
    this.u8(value >> 8);
    this.u8(value);
  }

  u16le(value: u32): void {
    this.u8(value);
    this.u8(value >> 8);
  }

  u32(value: u32): void {
    this.u16(value >> 16);
    this.u16(value);
  }

  append(bytes: Bytes): void {
    memory.copy(this.address + this.length, bytes.address, bytes.length);
    this.length += bytes.length;
  }
}

/** What AssemblyScript calls when an assertion fails: the step traps, which is a result too. */
export function stop(_message: usize, _file: usize, _line: u32, _column: u32): void {
  unreachable();
}
