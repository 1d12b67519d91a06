import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type BackupContents, packed, unpacked } from "./index.ts";
import { readArchive, writeArchive } from "./tar.ts";

const bounds = { "a.json": 2000, "b.json": 10 };
const file = (name: string, text = "x") => ({ name, content: Buffer.from(text) });
const at = 1_764_000_000;
const good = writeArchive([file("a.json", "y".repeat(513)), file("b.json", "")], at);

/** Writes into the header of the first file, and corrects its checksum. */
function altered(offset: number, text: string, archive = good): Buffer {
  const copy = Buffer.from(archive);
  copy.write(text, offset, "latin1");
  copy.write("        ", 148, "latin1");
  let sum = 0;
  for (const byte of copy.subarray(0, 512)) sum += byte;
  copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return copy;
}

function refuses(archive: Buffer, why: RegExp): void {
  assert.throws(
    () => readArchive(archive, bounds),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, "backup-damaged");
      assert.match(error.message, why);
      return true;
    },
  );
}

describe("an archive", () => {
  test("gives back what was put into it, byte for byte", () => {
    const read = readArchive(good, bounds);
    assert.deepEqual([...read.keys()], ["a.json", "b.json"]);
    assert.equal(read.get("a.json")?.toString(), "y".repeat(513));
    assert.equal(read.get("b.json")?.length, 0);
    assert.deepEqual(writeArchive([file("a.json", "y".repeat(513)), file("b.json", "")], at), good);
  });

  for (const name of [
    "../a.json",
    "/etc/passwd",
    "a.json/",
    "./a.json",
    "c.json",
    "A.JSON",
    "..",
    "__proto__",
    "a\\b",
  ])
    test(`with a file named ${name} is refused: a name is no path`, () => {
      refuses(altered(0, `${name}\0\0\0\0\0\0`), /no backup of this kind has one of that name/u);
    });

  test("with a name that continues in the prefix, a link, a device or a folder is refused", () => {
    refuses(altered(345, "etc"), /a link, an owner or a prefix/u);
    refuses(altered(157, "/etc/passwd"), /a link, an owner or a prefix/u);
    for (const type of ["1", "2", "3", "5", "L", "x", "g", "S", "\0"])
      refuses(altered(156, type), /is no regular file/u);
  });

  test("whose files are longer than they may be, than it is itself, or than numbers go is refused", () => {
    refuses(writeArchive([file("b.json", "x".repeat(11))], at), /b\.json is longer than 10 bytes/u);
    refuses(altered(124, "00000003720\0", good.subarray(0, 1536)), /longer than the archive/u);
    refuses(altered(124, "77777777777\0"), /a\.json is longer than 2000 bytes/u);
    // A size in base 256, a negative one and none.
    for (const size of ["\x80\0\0\0\0\0\0\0\0\0\0\x01", "-0000000001\0", "            "])
      refuses(altered(124, size), /size is no number/u);
  });

  test("with a name twice is refused", () => {
    refuses(writeArchive([file("a.json", "1"), file("a.json", "2")], at), /a\.json is there twice/u);
  });

  test("that was cut off anywhere is refused, as is one with something behind a file or its end", () => {
    for (let length = 0; length < good.length; length += 256)
      refuses(good.subarray(0, length), /ends too early|end is missing|longer than the archive/u);
    refuses(Buffer.concat([good, Buffer.alloc(512)]), /behind its end/u);
    const behind = Buffer.from(good);
    behind[512 + 513] = 1;
    refuses(behind, /something stands behind a\.json/u);
    refuses(Buffer.from("BZh9 not a tar".padEnd(1536, "x")), /no tar archive/u);
    const wrong = Buffer.from(good);
    wrong[0] = "b".charCodeAt(0);
    refuses(wrong, /checksum is wrong/u);
  });
});

const contents: BackupContents = {
  kind: "publisher",
  stack: "prod",
  issuer: "https://oidc.example.com",
  madeAt: Date.UTC(2026, 10, 28),
  files: new Map([["documents.json", Buffer.from("{}")]]),
};

/** A backup whose first file says what a test wants. */
function labelled(
  change: (label: Record<string, unknown>) => void,
  more: { name: string; content: Buffer }[] = [],
) {
  const read = readArchive(packed(contents), { "backup.json": 10_000, "documents.json": 10_000 });
  const label = JSON.parse(String(read.get("backup.json"))) as Record<string, unknown>;
  change(label);
  return writeArchive(
    [
      file("backup.json", JSON.stringify(label)),
      { name: "documents.json", content: Buffer.from("{}") },
      ...more,
    ],
    at,
  );
}

describe("a backup's content", () => {
  test("is read as it was written", () => {
    assert.deepEqual(unpacked(packed(contents)), contents);
  });

  test("has only files of its kind: a key of the cluster's is none of a publisher's", () => {
    const key = new Map([["service.key", Buffer.from("k")]] as const);
    assert.throws(() => packed({ ...contents, files: key }), TypeError);
    assert.throws(
      () => unpacked(labelled(() => {}, [file("service.key")])),
      /a backup of publisher has no service\.key/u,
    );
  });

  test("is refused where its first file does not say what the others are, or says it wrongly", () => {
    const changes: [RegExp, (label: Record<string, unknown>) => void][] = [
      [/not of format 1/u, (label) => (label["format"] = 2)],
      [/no kind that is known/u, (label) => (label["kind"] = "both")],
      [/does not say of which stack/u, (label) => delete label["stack"]],
      [/does not say of which stack/u, (label) => (label["madeAt"] = "yesterday")],
      [/not the one that backup\.json names/u, (label) => (label["sha256"] = {})],
      [/not the one that backup\.json names/u, (label) => (label["sha256"] = { "documents.json": "00" })],
      [/a file is missing/u, (label) => Object.assign(label["sha256"] as object, { "accounts.json": "00" })],
    ];
    for (const [why, change] of changes) assert.throws(() => unpacked(labelled(change)), why);
    const [, ...rest] = [file("backup.json", "{}"), file("documents.json", "{}")];
    assert.throws(() => unpacked(writeArchive(rest, at)), /its first file is not backup\.json/u);
    assert.throws(() => unpacked(writeArchive([file("backup.json", "nonsense")], at)), /not JSON/u);
    assert.throws(() => unpacked(Buffer.alloc(9 * 1024 * 1024)), /longer than/u);
  });
});
