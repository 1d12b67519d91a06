/** Others' programs judge the files that podtrust encrypts: age itself, its author's library, and the format's own vectors. */
import assert from "node:assert/strict";
import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { inflateSync } from "node:zlib";
import { opened, sealed } from "../../src/backup/index.ts";
import { decrypt, encrypt, newIdentity, readIdentities } from "../../src/core/age/index.ts";
import { PodtrustError } from "../../src/core/base/index.ts";
import { npmPackage } from "../support/npm-package.ts";

const maxBuffer = 64 * 1024 * 1024;

function run(program: string, args: readonly string[], options: ExecFileSyncOptions = {}): Buffer {
  return execFileSync(program, args, { maxBuffer, stdio: ["pipe", "pipe", "pipe"], ...options }) as Buffer;
}

function ageMissing(): string | false {
  try {
    run("age", ["--version"]);
    return false;
  } catch {
    if (process.env["CI"] === "true") throw new Error("age is not installed");
    return "left out: age is not installed";
  }
}

const library = npmPackage("age-encryption", "0.3.1");
const suite = npmPackage("cctv-age", "0.2.0");
// Before any suite begins: the folder of all of them goes when none is left.
const noLibrary = await library.missing();
const noSuite = await suite.missing();

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "podtrust-age-"));
});
after(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

describe("Debian's age", { skip: ageMissing() }, () => {
  test("opens a backup with the identity that podtrust made, and tar lists and reads what is in it", async () => {
    const { identity, recipient } = newIdentity();
    const files = new Map([["documents.json", Buffer.from('{"format":1}\n')]] as const);
    const label = { kind: "publisher", stack: "prod", issuer: "https://oidc.example.com" } as const;
    const contents = { ...label, madeAt: Date.UTC(2026, 10, 28), files };
    writeFileSync(path("prod.age"), await sealed(contents, { recipients: [recipient] }));
    writeFileSync(path("identity.txt"), `# made by podtrust\n${identity}\n`, { mode: 0o600 });
    assert.equal(
      run("age-keygen", ["-y", path("identity.txt")])
        .toString()
        .trim(),
      recipient,
    );
    run("age", ["-d", "-i", path("identity.txt"), "-o", path("prod.tar"), path("prod.age")]);
    const listed = run("tar", ["--list", "--verbose", "--file", path("prod.tar")], { env: { TZ: "UTC" } });
    assert.match(
      listed.toString(),
      /^-rw------- 0\/0 +\d+ 2026-11-28 00:00 backup\.json\n.* documents\.json\n$/u,
    );
    run("tar", ["--extract", "--directory", folder, "--file", path("prod.tar")]);
    assert.equal(readFileSync(path("documents.json"), "utf8"), '{"format":1}\n');
  });

  test("and podtrust open each other's files, of any length and of several recipients", async () => {
    run("age-keygen", ["-o", path("keygen.txt")]);
    const theirs = readFileSync(path("keygen.txt"), "utf8");
    const recipient = run("age-keygen", ["-y", path("keygen.txt")])
      .toString()
      .trim();
    for (const length of [0, 1, 65_536, 65_537, 300_000]) {
      const plain = randomBytes(length);
      const ours = await encrypt(plain, { recipients: [newIdentity().recipient, recipient] });
      assert.deepEqual(run("age", ["-d", "-i", path("keygen.txt")], { input: ours }), plain);
      const other = newIdentity();
      const file = run("age", ["-r", other.recipient, "-r", recipient], { input: plain });
      for (const text of [theirs, other.identity])
        assert.deepEqual(await decrypt(file, { identities: readIdentities(text) }), plain);
    }
  });

  test("writes an archive by tar that is no backup, and podtrust uses nothing of it", async () => {
    const { identity, recipient } = newIdentity();
    writeFileSync(path("evil"), "x");
    const tar = run("tar", [
      "--create",
      "--format=ustar",
      "--directory",
      folder,
      "--transform",
      "s,^,../,",
      "-P",
      "evil",
    ]);
    const file = run("age", ["-r", recipient], { input: tar });
    await assert.rejects(opened(file, { identities: readIdentities(identity) }), { code: "backup-damaged" });
  });
});

describe("the library of age's author", { skip: noLibrary ?? false }, () => {
  test("opens what podtrust encrypts, to a recipient and to a passphrase, and podtrust what it encrypts", async () => {
    const { identity, recipient } = newIdentity();
    writeFileSync(path("ours"), await encrypt(Buffer.from("ours"), { recipients: [recipient] }));
    writeFileSync(path("secret"), await encrypt(Buffer.from("secret"), { passphrase: "a b c" }));
    const script = `
      import { Decrypter, Encrypter } from "age-encryption";
      import { readFileSync, writeFileSync } from "node:fs";
      const { FOLDER: folder, IDENTITY: identity, RECIPIENT: recipient } = process.env;
      const one = new Decrypter(); one.addIdentity(identity);
      const two = new Decrypter(); two.addPassphrase("a b c");
      const texts = [];
      for (const [name, by] of [["ours", one], ["secret", two]])
        texts.push(await by.decrypt(readFileSync(folder + "/" + name), "text"));
      const to = new Encrypter(); to.addRecipient(recipient);
      writeFileSync(folder + "/theirs", await to.encrypt("theirs"));
      const by = new Encrypter(); by.setPassphrase("d e f"); by.setScryptWorkFactor(10);
      writeFileSync(folder + "/by-passphrase", await by.encrypt("by passphrase"));
      process.stdout.write(texts.join());`;
    const env = { FOLDER: folder, IDENTITY: identity, RECIPIENT: recipient };
    const { code, out, err } = await library.run(script, env);
    assert.deepEqual([code, out], [0, "ours,secret"], err);
    const theirs = await decrypt(readFileSync(path("theirs")), { identities: readIdentities(identity) });
    assert.equal(theirs.toString(), "theirs");
    const secret = await decrypt(readFileSync(path("by-passphrase")), { passphrase: "d e f" });
    assert.equal(secret.toString(), "by passphrase");
  });
});

interface Vector {
  readonly name: string;
  readonly words: ReadonlyMap<string, readonly string[]>;
  readonly file: Buffer;
}

function vectorOf(name: string, text: string): Vector {
  const bytes = Buffer.from(text, "base64");
  const end = bytes.indexOf("\n\n");
  const words = new Map<string, readonly string[]>();
  for (const line of bytes.subarray(0, end).toString().split("\n")) {
    const [word = "", value = ""] = line.split(": ");
    words.set(word, [...(words.get(word) ?? []), value]);
  }
  const rest = bytes.subarray(end + 2);
  return { name, words, file: words.has("compressed") ? inflateSync(rest) : rest };
}

async function vectors(): Promise<readonly Vector[]> {
  const script = `
    import * as vectors from "cctv-age";
    for (const [name, bytes] of Object.entries(vectors))
      console.log(name, Buffer.from(bytes).toString("base64"));`;
  const { code, out, err } = await suite.run(script, {});
  assert.equal(code, 0, err);
  return out
    .trim()
    .split("\n")
    .map((line) => vectorOf(...(line.split(" ") as [string, string])));
}

/** What podtrust does not read, and says so: armor, and the recipients of age 1.3. */
const isLeftOut = ({ name }: Vector): boolean => /^(?:armor|hybrid)/u.test(name);

async function decrypted({ words, file }: Vector): Promise<Buffer> {
  const [passphrase] = words.get("passphrase") ?? [];
  if (passphrase !== undefined) return decrypt(file, { passphrase });
  return decrypt(file, { identities: readIdentities((words.get("identity") ?? []).join("\n")) });
}

describe("the vectors of the age format (C2SP's CCTV)", { skip: noSuite ?? false }, () => {
  test("are opened and refused as they say, but for armor and the hybrid recipients, which are refused", async () => {
    const all = await vectors();
    const [left, ours] = [all.filter(isLeftOut), all.filter((vector) => !isLeftOut(vector))];
    assert.ok(ours.length >= 90 && left.length < 60, `${ours.length} and ${left.length} vectors`);
    let good = 0;
    for (const vector of ours) {
      const { name, words } = vector;
      if (words.get("expect")?.[0] === "success") {
        const sum = createHash("sha256")
          .update(await decrypted(vector))
          .digest("hex");
        assert.equal(sum, words.get("payload")?.[0], name);
        good += 1;
      } else await assert.rejects(decrypted(vector), PodtrustError, name);
    }
    assert.ok(good >= 15, `${good} files open`);
    for (const vector of left) await assert.rejects(decrypted(vector), PodtrustError, vector.name);
  });
});
