import { concat, fromUtf8, utf8 } from "@meshwork/foundation/bytes";
import { ByteReader } from "../metering/byte-reader.ts";
import { ByteWriter } from "../metering/byte-writer.ts";

/**
 * A command's arguments travel inside its program, in a custom section: the program and its command line are
 * one thing with one address, and no other place could let the two be mixed up.
 */
const SECTION_NAME = "meshwork:arguments";
const CUSTOM = 0;
const HEADER_BYTES = 8;
const MOST_ARGUMENT_BYTES = 32_768;

/** What a command is called when nothing says otherwise. */
const OWN_NAME = utf8("command");

/** The module with these arguments, in place of any that it had. They hold no U+0000. */
export function withArguments(
  module: Uint8Array,
  texts: readonly string[],
): Uint8Array<ArrayBuffer> {
  const bare = concat(module.subarray(0, HEADER_BYTES), ...otherSections(module));
  if (texts.length === 0) return bare;
  const section = new ByteWriter();
  section.name(SECTION_NAME);
  section.raw(utf8(texts.map((text) => `${text}\0`).join("")));
  const framed = new ByteWriter();
  framed.byte(CUSTOM);
  framed.framed(section.written());
  return concat(bare, framed.written());
}

/** The command's name and its arguments. Call it with a module that has been read and found good. */
export function argumentsOf(module: Uint8Array): Uint8Array[] {
  for (const { contents } of sectionsOf(module)) {
    if (!contents) continue;
    const text = contents.subarray(0, MOST_ARGUMENT_BYTES);
    const all: Uint8Array[] = [OWN_NAME];
    for (let start = 0, end = text.indexOf(0); end >= 0; end = text.indexOf(0, start)) {
      all.push(text.slice(start, end));
      start = end + 1;
    }
    return all;
  }
  return [OWN_NAME];
}

const otherSections = (module: Uint8Array): Uint8Array[] =>
  sectionsOf(module).flatMap(({ whole, contents }) => (contents ? [] : [whole]));

/** Every section as it lies there; `contents` for one that holds arguments. */
function sectionsOf(module: Uint8Array): { whole: Uint8Array; contents: Uint8Array | null }[] {
  const reader = new ByteReader(module);
  reader.take(HEADER_BYTES);
  const sections: { whole: Uint8Array; contents: Uint8Array | null }[] = [];
  while (!reader.done) {
    const start = reader.position;
    const id = reader.byte();
    const body = new ByteReader(reader.take(reader.u32()));
    const whole = module.subarray(start, reader.position);
    const isOurs = id === CUSTOM && isNamed(body);
    sections.push({
      whole,
      contents: isOurs ? body.take(body.bytes.length - body.position) : null,
    });
  }
  return sections;
}

function isNamed(body: ByteReader): boolean {
  const length = body.u32();
  if (length !== SECTION_NAME.length || length > body.bytes.length - body.position) return false;
  return fromUtf8(body.take(length)) === SECTION_NAME;
}
