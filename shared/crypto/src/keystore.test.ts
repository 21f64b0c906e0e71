import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf, fromHex, fromUtf8, type NodeId, toHex, utf8 } from "@meshwork/foundation";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKeystore, openKeystore, type SecretBundle } from "./keystore.ts";
import { decodeKeystore, encodeKeystore, type KeystoreBody } from "./keystore-format.ts";
import { readPassphraseFile } from "./passphrase-file.ts";

const secrets: SecretBundle = {
  identitySecret: fromHex("11".repeat(32)),
  recoverySecret: fromHex("22".repeat(32)),
  keyVersion: 3,
};
/** Windows has no such bits. */
const onPosix = test.runIf(process.platform !== "win32");
const passphrase = "correct horse battery staple";
/** The cheapest that is still scrypt: the tests open many. */
const scryptN = 2 ** 10;

let folder: string;
let good: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-keystore-"));
  await createKeystore(join(folder, "good"), secrets, passphrase, { scryptN });
  good = Uint8Array.from(await readFile(join(folder, "good")));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function fileOf(content: Uint8Array | string): Promise<string> {
  const path = join(folder, `file-${files++}`);
  await writeFile(path, content);
  return path;
}

async function opening(content: Uint8Array | string, phrase = passphrase): Promise<string> {
  const path = await fileOf(content);
  return openKeystore(path, phrase).then(() => "OPENED", codeOf);
}

describe("a keystore", () => {
  test("gives back what went in", async () => {
    expect(await openKeystore(join(folder, "good"), passphrase)).toEqual(secrets);
  });

  test("gives back the name of an identity whose first key was replaced, and no other text for one", async () => {
    const name = "2EgYp5vRTcPPtzQd6o9NVHw4ZHqeWtz5DwDpgZq9Vn4N3t" as NodeId;
    const rotated = { ...secrets, nodeId: name };
    await createKeystore(join(folder, "rotated"), rotated, passphrase, { scryptN });
    expect(await openKeystore(join(folder, "rotated"), passphrase)).toEqual(rotated);
    const odd = { ...secrets, nodeId: "no name" as NodeId };
    await createKeystore(join(folder, "odd"), odd, passphrase, { scryptN });
    await expect(openKeystore(join(folder, "odd"), passphrase)).rejects.toMatchObject({
      code: "KEYSTORE_CORRUPT",
    });
  });

  test("opens at its default cost within Node's memory limit", async () => {
    const path = join(folder, "default-cost");
    await createKeystore(path, secrets, passphrase);
    expect(await openKeystore(path, passphrase)).toEqual(secrets);
    expect(decodeKeystore(await readFile(path)).n).toBe(2 ** 17);
  });

  onPosix("is readable by its owner alone", async () => {
    expect((await stat(join(folder, "good"))).mode & 0o777).toBe(0o600);
  });

  test("holds no secret in the clear, and never the same bytes twice", async () => {
    await createKeystore(join(folder, "again"), secrets, passphrase, { scryptN });
    const again = await readFile(join(folder, "again"), "utf8");
    expect(again).not.toBe(fromUtf8(good));
    expect(again).not.toContain(toHex(secrets.identitySecret));
  });

  test("leaves no other file behind, written or refused", async () => {
    const path = join(folder, "alone", "keystore");
    await expect(createKeystore(path, secrets, passphrase, { scryptN })).rejects.toMatchObject({
      code: "KEYSTORE_IO",
    });
    expect((await readdir(folder)).filter((name) => name.includes(".tmp"))).toEqual([]);
  });

  test("is never overwritten", async () => {
    const path = await fileOf("somebody's keys");
    await expect(createKeystore(path, secrets, passphrase, { scryptN })).rejects.toMatchObject({
      code: "KEYSTORE_EXISTS",
    });
    expect(await readFile(path, "utf8")).toBe("somebody's keys");
  });

  test("takes a passphrase however the keyboard composes its accents", async () => {
    const path = join(folder, "accents");
    await createKeystore(path, secrets, "caf\u{e9}", { scryptN });
    expect(await openKeystore(path, "cafe\u{301}")).toEqual(secrets);
  });
});

describe("opening says what is wrong", () => {
  test("with the passphrase", async () => {
    expect(await opening(good, `${passphrase} `)).toBe("WRONG_PASSPHRASE");
    expect(await opening(good, "")).toBe("PASSPHRASE_EMPTY");
  });

  test("with the path", async () => {
    expect(await openKeystore(join(folder, "none"), passphrase).catch(codeOf)).toBe(
      "KEYSTORE_MISSING",
    );
    expect(await openKeystore(folder, passphrase).catch(codeOf)).toBe("KEYSTORE_IO");
  });

  test("with the file, whichever single byte of it was changed, and however", async () => {
    // Reading decides it, before any key is derived: so every bit of every byte can be tried.
    for (let at = 0; at < good.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Uint8Array.from(good);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        expect(() => decodeKeystore(damaged), `byte ${at}, bit ${bit}`).toThrow(
          expect.objectContaining({ code: "KEYSTORE_CORRUPT" }),
        );
      }
  });

  test("with the file, wherever it was cut", async () => {
    for (let length = 0; length < good.length; length++)
      expect(() => decodeKeystore(good.subarray(0, length)), `cut at ${length}`).toThrow(
        expect.objectContaining({ code: "KEYSTORE_CORRUPT" }),
      );
    expect(await opening(good.subarray(0, 40))).toBe("KEYSTORE_CORRUPT");
  });

  test.each([
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["no body", '{"sm3":""}'],
    ["text that is no JSON", "keystore"],
    ["bytes that are no text", Uint8Array.of(0xff, 0xfe)],
    ["more than a keystore has", " ".repeat(5_000)],
  ])("with a file of %s", async (_name, content) => {
    expect(await opening(content)).toBe("KEYSTORE_CORRUPT");
  });

  test("with the same content in another spelling", async () => {
    const text = fromUtf8(good);
    expect(await opening(` ${text}`)).toBe("KEYSTORE_CORRUPT");
    expect(await opening(text.trimEnd())).toBe("KEYSTORE_CORRUPT");
    expect(await opening(text.replace('"sm3"', '"body":{},"sm3"'))).toBe("KEYSTORE_CORRUPT");
  });
});

/** The good file with another body under a checksum that fits: an adversary's, not an accident. */
function forged(change: Record<string, unknown>): string {
  const body = { ...decodeKeystore(good), ...change };
  return encodeKeystore(body as KeystoreBody);
}

describe("an adversary who mends the checksum", () => {
  test("cannot pass off another version as ours", async () => {
    expect(await opening(forged({ version: 2 }))).toBe("KEYSTORE_VERSION");
    expect(await opening(forged({ version: "1" }))).toBe("KEYSTORE_VERSION");
  });

  test.each([2 ** 19, 2 ** 30, 2 ** 52])("cannot make us spend memory for N = %s", async (n) => {
    expect(await opening(forged({ n }))).toBe("KEYSTORE_COST");
  });

  test.each([
    { n: 1_000 },
    { n: 0 },
    { n: -1_024 },
    { n: 1e300 },
    { r: 1 << 20 },
    { p: 1 << 20 },
    { kdf: "none" },
    { cipher: "none" },
    { salt: "" },
    { nonce: "00" },
    { ciphertext: "" },
    { ciphertext: "zz".repeat(88) },
    { comment: "hello" },
  ])("cannot choose parameters: %j", async (change) => {
    expect(await opening(forged(change))).toBe("KEYSTORE_CORRUPT");
  });

  test("cannot change salt, nonce, cost or secrets without the passphrase", async () => {
    const { salt, nonce, ciphertext } = decodeKeystore(good);
    const flip = (hex: string) => toHex(fromHex(hex).map((byte, i) => (i === 5 ? byte ^ 1 : byte)));
    expect(await opening(forged({ salt: flip(salt) }))).toBe("WRONG_PASSPHRASE");
    expect(await opening(forged({ nonce: flip(nonce) }))).toBe("WRONG_PASSPHRASE");
    expect(await opening(forged({ n: scryptN / 2 }))).toBe("WRONG_PASSPHRASE");
    expect(await opening(forged({ ciphertext: flip(ciphertext) }))).toBe("WRONG_PASSPHRASE");
    expect(await opening(forged({ ciphertext: ciphertext.slice(2) }))).toBe("WRONG_PASSPHRASE");
  });
});

test("2,000 files of whatever JSON give one coded error each", () => {
  const json = fc.json().map(utf8);
  const body = fc
    .dictionary(fc.constantFrom("version", "n", "salt", "__proto__", "x"), fc.jsonValue())
    .map((value) => utf8(encodeKeystore(value as unknown as KeystoreBody)));
  fc.assert(
    fc.property(fc.oneof(json, body, fc.uint8Array()), (bytes) => {
      expect(() => decodeKeystore(bytes)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^KEYSTORE_(CORRUPT|VERSION)$/) }),
      );
    }),
    { numRuns: 2_000 },
  );
});

describe("a passphrase file", () => {
  async function privateFile(content: string | Uint8Array): Promise<string> {
    const path = await fileOf(content);
    await chmod(path, 0o600);
    return path;
  }

  test.each([
    ["as it is", "secret", "secret"],
    ["without one line end", "secret\n", "secret"],
    ["without one line end of Windows", "secret\r\n", "secret"],
    ["with all other white space", " two words \n\n", " two words \n"],
  ])("is read %s", async (_name, content, expected) => {
    expect(await readPassphraseFile(await privateFile(content))).toBe(expected);
  });

  test.each([
    ["empty", "", "PASSPHRASE_EMPTY"],
    ["a line end alone", "\n", "PASSPHRASE_EMPTY"],
    ["far too long", "x".repeat(5_000), "PASSPHRASE_MISSING"],
    ["no text", Uint8Array.of(0xff), "PASSPHRASE_MISSING"],
  ])("is refused when it is %s", async (_name, content, code) => {
    expect(await readPassphraseFile(await privateFile(content)).catch(codeOf)).toBe(code);
  });

  test("is refused when it is not there", async () => {
    expect(await readPassphraseFile(join(folder, "none")).catch(codeOf)).toBe("PASSPHRASE_MISSING");
  });

  onPosix.each([0o604, 0o644, 0o602, 0o601])(
    "is refused with mode %o: everybody could open it",
    async (mode) => {
      const path = await privateFile("secret");
      await chmod(path, mode);
      expect(await readPassphraseFile(path).catch(codeOf)).toBe("PASSPHRASE_EXPOSED");
    },
  );

  test("may be readable by its group, as mounted secrets are", async () => {
    const path = await privateFile("secret");
    await chmod(path, 0o440);
    expect(await readPassphraseFile(path)).toBe("secret");
  });
});
