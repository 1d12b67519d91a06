import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import {
  decrypt,
  encrypt,
  newIdentity,
  openedWith,
  readIdentities,
  readRecipient,
  recipientOf,
} from "./index.ts";

const mine = newIdentity();
const other = newIdentity();
const opener = ({ identity }: { readonly identity: string }) => ({ identities: readIdentities(identity) });

/** A file with one bit of a byte turned. */
function turned(file: Buffer, at: number): Buffer {
  const copy = Buffer.from(file);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Replaces text in a file's header, byte by byte. */
function withHeader(file: Buffer, from: string | RegExp, to: string): Buffer {
  return Buffer.from(file.toString("latin1").replace(from, to), "latin1");
}

const damaged = { code: "age-damaged" };

describe("a file in the age format", () => {
  test("is opened by each of its recipients, whatever its length, and by no other key", async () => {
    const third = newIdentity();
    for (const length of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
      const plain = randomBytes(length);
      const file = await encrypt(plain, { recipients: [mine.recipient, third.recipient] });
      for (const one of [mine, third]) assert.deepEqual(await decrypt(file, opener(one)), plain);
      await assert.rejects(decrypt(file, opener(other)), { code: "age-wrong-key" });
      await assert.rejects(decrypt(file, { passphrase: "x" }), { code: "age-wrong-key" });
    }
  });

  // Made by another program: Debian's age 1.1.1, of an identity that age-keygen made.
  test("that age itself wrote is opened, and its identity has the recipient that age-keygen says", async () => {
    const identity = "AGE-SECRET-KEY-1E386JPL9HFNHNSVG5J8GPA8UJ5DUPGKYQEYU32D7JLGXH6X6QXHS7VXEPF";
    const recipient = "age1am2pncd26v3fd8cdtw8lr75qvclk0lxelq6ltqcm8d34h87mhqrqal5605";
    const file = Buffer.from(
      "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSArM1ZpdlI3ZGJJdmJFTTVkSEYvMTBTbUJnSDY5UHA2cytMaXdJS3ZCUERBCk90ZkJuODhjeGJWV1NXdVgvVVBBNnhuU0xIcDZOa0w1Q0x6UFJoeUlycWcKLS0tIHVVc2MyTWdNNHFqVE45dzZFekZwUW5JdmtvczhPM0JyUEM4WENNWjQ5MTAKL085HVGHFfvngP7gGrWepXdDuTgFTqVv1YjJqjorVg5ePcYHkUoFD9gYudYEl98=",
      "base64",
    );
    assert.equal(recipientOf(readIdentities(identity)[0] as never), recipient);
    assert.equal((await decrypt(file, opener({ identity }))).toString(), "written by age\n");
  });

  test("is opened by its passphrase, and by no other", async () => {
    const file = await encrypt(Buffer.from("plain"), { passphrase: "correct horse" });
    assert.equal(openedWith(file), "passphrase");
    assert.equal((await decrypt(file, { passphrase: "correct horse" })).toString(), "plain");
    // With less work, which only makes another key of the same passphrase: it is quick.
    const wrong = withHeader(file, / 18\n/u, " 10\n");
    await assert.rejects(decrypt(wrong, { passphrase: "correct horse" }), { code: "age-wrong-key" });
    await assert.rejects(decrypt(file, opener(mine)), { code: "age-wrong-key" });
    const greedy = withHeader(file, / 18\n/u, " 30\n");
    await assert.rejects(decrypt(greedy, { passphrase: "correct horse" }), /more work than 2\^20/u);
    const both = withHeader(file, "\n---", `\n-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n---`);
    await assert.rejects(decrypt(both, { passphrase: "correct horse" }), /more beside a passphrase/u);
  });

  test("that was changed anywhere, cut off or written on is refused, and nothing of it is used", async () => {
    const file = await encrypt(randomBytes(70_000), { recipients: [mine.recipient] });
    const header = file.indexOf("\n---") + 1;
    // Version, recipient, body, MAC; nonce; both parts of what is encrypted.
    for (const at of [3, 30, 70, header - 10, header + 10, header + 60, 1000, file.length - 1])
      await assert.rejects(decrypt(turned(file, at), opener(mine)), /^PodtrustError/u, String(at));
    for (const length of [0, 10, 50, header, header + 60, 5000, 65_536 + 200, file.length - 1])
      await assert.rejects(decrypt(file.subarray(0, length), opener(mine)), damaged, String(length));
    await assert.rejects(decrypt(Buffer.concat([file, Buffer.alloc(1)]), opener(mine)), damaged);
    await assert.rejects(
      decrypt(withHeader(file, "age-encryption.org/v1", "age-encryption.org/v2"), opener(mine)),
      damaged,
    );
  });

  test("whose header has no end, too many recipients or a key of low order is refused before any work", async () => {
    const file = await encrypt(Buffer.from("x"), { recipients: [mine.recipient] });
    const endless = Buffer.from(`age-encryption.org/v1\n-> ${"x".repeat(1_000_000)}`);
    await assert.rejects(decrypt(endless, opener(mine)), /no end/u);
    const crowd = `-> x y\n\n`.repeat(65);
    await assert.rejects(
      decrypt(withHeader(file, "\n->", `\n${crowd}->`), opener(mine)),
      /more than 64 recipients/u,
    );
    const low = withHeader(file, /X25519 \S+/u, `X25519 ${"A".repeat(43)}`);
    await assert.rejects(decrypt(low, opener(mine)), /low order/u);
  });

  test("is for at least one recipient; an identity in a recipient's place is refused and not repeated", async () => {
    await assert.rejects(encrypt(Buffer.alloc(0), { recipients: [] }), TypeError);
    for (const text of [mine.identity, mine.identity.toLowerCase()])
      assert.throws(
        () => readRecipient(text),
        (error: Error) => {
          assert.match(error.message, /the secret half/u);
          return !error.message.includes(text);
        },
      );
    for (const text of ["", "age1", mine.recipient.slice(0, -1), `${mine.recipient}q`, "age1pq1xyz"])
      assert.throws(() => readRecipient(text), { code: "age-key-invalid" });
    assert.equal(readRecipient(mine.recipient.toUpperCase()).length, 32);
    assert.throws(() => readRecipient(`A${mine.recipient.slice(1)}`), { code: "age-key-invalid" });
  });

  test("is opened by an identity file with comments and several identities; one without any is refused", async () => {
    const file = await encrypt(Buffer.from("x"), { recipients: [mine.recipient] });
    const text = `# created\n\n${other.identity}\r\n${mine.identity}\n`;
    assert.equal((await decrypt(file, { identities: readIdentities(text) })).toString(), "x");
    assert.throws(() => readIdentities("# nothing\n"), /has no identity/u);
    assert.throws(
      () => readIdentities(`${mine.identity}X`),
      (error: Error) => !error.message.includes("KEY-1"),
    );
  });
});
