import { concat, utf8 } from "@meshwork/foundation/bytes";

/**
 * A tar archive (ustar) of files with nothing in it but names and contents: no times, no owners, so that
 * the same files give the same bytes. Any `tar` unpacks it.
 */
export function archiveOf(
  files: readonly (readonly [name: string, content: Uint8Array])[],
): Uint8Array {
  const pieces = files.flatMap(([name, content]) => [
    headerOf(name, content.length),
    content,
    new Uint8Array(-content.length & (BLOCK - 1)),
  ]);
  return concat(...pieces, new Uint8Array(2 * BLOCK));
}

const BLOCK = 512;
export const MOST_NAME_BYTES = 100;

function headerOf(name: string, size: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => header.set(utf8(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, name);
  put(100, `${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`); // mode, owner, group
  put(124, `${octal(size, 11)}\0${octal(0, 11)}\0`); // size, time
  put(148, "        "); // The checksum counts itself as spaces.
  put(156, "0"); // a plain file
  put(257, "ustar\x0000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}
