// Prices an Asian call option by Monte-Carlo, 20,000 paths a step. Runs as `wasm-step-v1`.
//
// Input 0: text of six numbers, "spot strike rate volatility years paths".
// State: how many paths, the sum of their discounted payoffs and of the squares, for the Asian option and for the
// European one, whose price is known in closed form. Output: both prices with their standard errors, as JSON.

@external("task", "input_size") declare function inputSize(index: u32): u32;
@external("task", "input_read")
declare function inputRead(index: u32, offset: u32, address: usize, length: u32): u32;
@external("task", "state_read") declare function stateRead(address: usize, length: u32): u32;
@external("task", "state_write") declare function stateWrite(address: usize, length: u32): void;
@external("task", "output_write") declare function outputWrite(address: usize, length: u32): void;

const PATHS_A_STEP: u32 = 20_000;
/** Days on which the Asian option looks at the price. */
const DATES: u32 = 12;

const input = readInput();
const spot = input[0];
const strike = input[1];
const rate = input[2];
const volatility = input[3];
const years = input[4];
const paths = u32(input[5]);

/** paths, then sum and sum of squares of the Asian and of the European payoffs. */
const sums = new StaticArray<f64>(5);

export function steps(): u32 {
  return (paths + PATHS_A_STEP - 1) / PATHS_A_STEP;
}

export function step(index: u32): void {
  stateRead(changetype<usize>(sums), 40);
  const chance = new Chance(index);
  const before = index * PATHS_A_STEP;
  const count = min(PATHS_A_STEP, paths - before);
  for (let path: u32 = 0; path < count; path++) follow(chance);
  stateWrite(changetype<usize>(sums), 40);
  if (before + count == paths) writeResult();
}

/** One path of the price under geometric Brownian motion, and what both options pay on it. */
function follow(chance: Chance): void {
  const dt = years / f64(DATES);
  const drift = (rate - (volatility * volatility) / 2) * dt;
  const spread = volatility * Math.sqrt(dt);
  let price = spot;
  let total: f64 = 0;
  for (let date: u32 = 0; date < DATES; date++) {
    price *= Math.exp(drift + spread * chance.normal());
    total += price;
  }
  const discount = Math.exp(-rate * years);
  add(1, discount * max(total / f64(DATES) - strike, 0));
  add(3, discount * max(price - strike, 0));
  sums[0] += 1;
}

function add(at: i32, payoff: f64): void {
  sums[at] += payoff;
  sums[at + 1] += payoff * payoff;
}

/** splitmix64, sown with the step's number: every step has chance of its own, and always the same. */
class Chance {
  private state: u64;
  private spare: f64 = NaN;

  constructor(seed: u32) {
    this.state = (u64(seed) + 1) * 0xda942042e4dd58b5;
  }

  /** From 0 to below 1, of 53 bits. */
  uniform(): f64 {
    this.state += 0x9e3779b97f4a7c15;
    let mixed = this.state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return f64((mixed ^ (mixed >> 31)) >> 11) / 9007199254740992;
  }

  /** By Marsaglia's polar method, which gives two at a time. */
  normal(): f64 {
    if (!isNaN(this.spare)) {
      const kept = this.spare;
      this.spare = NaN;
      return kept;
    }
    let x: f64 = 0;
    let y: f64 = 0;
    let square: f64 = 0;
    do {
      x = 2 * this.uniform() - 1;
      y = 2 * this.uniform() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square == 0);
    const scale = Math.sqrt((-2 * Math.log(square)) / square);
    this.spare = y * scale;
    return x * scale;
  }
}

function writeResult(): void {
  const text =
    '{"paths":' + u32(sums[0]).toString() + ',"asian":' + estimate(1) + ',"european":' + estimate(3) + "}";
  const bytes = String.UTF8.encode(text);
  outputWrite(changetype<usize>(bytes), bytes.byteLength);
}

function estimate(at: i32): string {
  const mean = sums[at] / sums[0];
  const error = Math.sqrt((sums[at + 1] / sums[0] - mean * mean) / sums[0]);
  return '{"price":' + mean.toString() + ',"standardError":' + error.toString() + "}";
}

function readInput(): StaticArray<f64> {
  const length = inputSize(0);
  const buffer = new ArrayBuffer(length);
  inputRead(0, 0, changetype<usize>(buffer), length);
  const words = String.UTF8.decode(buffer).trim().split(" ");
  assert(words.length == 6, "six numbers");
  const numbers = new StaticArray<f64>(6);
  for (let i = 0; i < 6; i++) {
    numbers[i] = parseFloat(unchecked(words[i]));
    assert(numbers[i] >= 0 && numbers[i] <= 10_000_000, "a number from 0 to ten million");
  }
  assert(numbers[5] >= 1, "at least one path");
  return numbers;
}

/** Where AssemblyScript goes when an assertion fails. */
export function stop(_message: usize, _file: usize, _line: u32, _column: u32): void {
  unreachable();
}
