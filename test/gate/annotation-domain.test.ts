import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

/** The domains of a text's annotations, labels, finalizers and API groups. */
const domainsIn = (text: string): readonly string[] =>
  [...text.matchAll(/\bpodtrust\.([a-z]+)\/[a-z]/gu)]
    .map(([, domain = ""]) => domain)
    // The image of a pod that is never made (RFC 2606 §2).
    .filter((domain) => domain !== "invalid");

test("annotations, labels, finalizers and API groups are all of podtrust.dev", () => {
  assert.deepEqual(domainsIn('"podtrust.io/lock-holder", "podtrust.dev/aws"'), ["io", "dev"]);
  const files = globSync(["src/**/*.ts", "deploy/**/*.{yaml,tpl}"], { cwd: root });
  const found = new Map(
    files.flatMap((name) => domainsIn(readFileSync(join(root, name), "utf8")).map((one) => [one, name])),
  );
  assert.deepEqual([...found.keys()], ["dev"], [...found.values()].join(", "));
});
