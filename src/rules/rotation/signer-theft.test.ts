import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  atSignerText,
  freshAtSigner,
  leftAtSigner,
  shownAtSignerText,
  signerStepsText,
  taintedAtSigner,
} from "./signer-theft.ts";

const both = (verifies: readonly string[], signs: string | undefined) =>
  ["a", "b"].map((name) => ({ name, verifies, signs }));
const published = (...kids: readonly string[]) => [{ where: "over IPv4", kids }];
const tainted = [
  { kid: "old", why: "stolen" },
  { kid: "next", why: "beside" },
] as const;
const commands = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => line.startsWith("  ")).map((line) => line.trim());

describe("the keys that end with a stolen one of a signer", () => {
  test("are all that a server shows beside it, and all that is published with it", () => {
    const sights = { servers: both(["old", "next"], "old"), published: published("old", "before") };
    assert.deepEqual(
      taintedAtSigner(sights, "old").map(({ kid, why }) => `${kid} ${why}`),
      ["old stolen", "next beside", "before beside"],
    );
  });

  test("are none that a server has which shows the stolen one no more, though it is published already", () => {
    const [a, b] = [
      { name: "a", verifies: ["fresh"], signs: "fresh" },
      { name: "b", verifies: ["old"], signs: undefined },
    ];
    const sights = {
      servers: [a, b],
      published: [...published("old", "fresh"), { where: "x", kids: undefined }],
    };
    assert.deepEqual(taintedAtSigner(sights, "old"), [{ kid: "old", why: "stolen" }]);
    assert.deepEqual(freshAtSigner(sights, tainted), ["fresh"]);
  });

  test("are none where nothing shows it", () => {
    assert.deepEqual(taintedAtSigner({ servers: both(["x"], "x"), published: published("x") }, "old"), []);
  });
});

describe("what is left of a theft at a signer", () => {
  test("is everything at first: each server takes and signs, and each key is published; the commands come in their order", () => {
    const sights = { servers: both(["old", "next"], "old"), published: published("old", "next") };
    assert.deepEqual(leftAtSigner(sights, tainted), [
      "a takes tokens of old",
      "a takes tokens of next",
      "a signs with old",
      "b takes tokens of old",
      "b takes tokens of next",
      "b signs with old",
      "old is published over IPv4",
      "next is published over IPv4",
    ]);
    assert.deepEqual(commands(signerStepsText(sights, tainted, "prod.yaml")), [
      "systemctl stop podtrust-signer",
      "mv /var/lib/podtrust-signer /root/podtrust-signer.stolen",
      "podtrust signer create",
      "podtrust rotate restore FRESH --public-key FRESH.pub -f prod.yaml",
      "podtrust rotate distrust old --force -f prod.yaml",
      "podtrust rotate distrust next --force -f prod.yaml",
      "podtrust signer import FRESH.pem",
      "systemctl start podtrust-signer",
      "crictl stop $(crictl ps --quiet --name kube-apiserver)",
    ]);
  });

  test("is never to put away a folder again in which a fresh key may lie by now", () => {
    const sights = { servers: both(["old"], undefined), published: published("old", "fresh") };
    assert.ok(leftAtSigner(sights, tainted).includes("a signs nothing"));
    assert.doesNotMatch(signerStepsText(sights, tainted, "f").join("\n"), /\bmv\b|stop podtrust/u);
  });

  test("is the second server alone after the first, with the fresh key's own name", () => {
    const servers = [
      { name: "a", verifies: ["fresh"], signs: "fresh" },
      { name: "b", verifies: ["old"], signs: undefined },
    ];
    const lines = signerStepsText({ servers, published: published("fresh") }, tainted, "f");
    assert.deepEqual(commands(lines), [
      "podtrust signer import fresh.pem",
      "systemctl start podtrust-signer",
      "crictl stop $(crictl ps --quiet --name kube-apiserver)",
    ]);
    assert.doesNotMatch(lines.join("\n"), /\ba,/u);
  });

  test("is what is published, where every server is through and it is not seen, not read, or has not the fresh key", () => {
    const servers = both(["fresh"], "fresh");
    const left = (...sights: Parameters<typeof leftAtSigner>[0]["published"]) =>
      leftAtSigner({ servers, published: sights }, tainted);
    assert.deepEqual(left(), ["nothing is seen from outside"]);
    assert.deepEqual(left({ where: "over IPv6", kids: undefined }), [
      "what is published over IPv6 cannot be read",
    ]);
    assert.deepEqual(left(...published("x")), ["fresh is not published over IPv4"]);
    const unread = { servers, published: [{ where: "over IPv6", kids: undefined }] };
    assert.match(signerStepsText(unread, tainted, "f").join("\n"), /rotate distrust old/u);
  });

  test("is nothing where each server shows and signs with fresh keys alone, and those are published alone", () => {
    const sights = { servers: both(["fresh"], "fresh"), published: published("fresh") };
    assert.deepEqual(leftAtSigner(sights, tainted), []);
    assert.deepEqual(signerStepsText(sights, tainted, "f"), []);
  });

  test("is said beforehand to be a person's work on each node, and at the end by what it was shown", () => {
    assert.match(atSignerText(["a", "b"]), /^A signer has the keys of a, b, .*says the commands/u);
    assert.match(
      shownAtSignerText("fresh"),
      /podtrust signer status on each node has to list fresh alone\.$/u,
    );
  });
});
