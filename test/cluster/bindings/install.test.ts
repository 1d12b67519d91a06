/** The commands of the install page, in their order, on fresh API servers: each way ends with a binding that is taken. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { blocksOf } from "../../docs/pages.ts";
import { bindingOf, roles, trustOf, webRole } from "../../support/bindings/objects.ts";
import { leftOut } from "../harness/index.ts";
import { until } from "./plane.ts";
import { freshShell, type Shell } from "./shell.ts";

const page = "docs/how-to/install.md";

/** The shell blocks of the page that have such a line. */
function blocksWith(pattern: RegExp): readonly string[] {
  const found = blocksOf(page).filter(({ language, text }) => language === "sh" && pattern.test(text));
  assert.ok(found.length > 0, String(pattern));
  return found.map(({ text }) => text);
}

/** What a person does next: a namespace, a trust, a binding by a file and one by name. Each has to succeed at once. */
async function bindAtOnce({ plane, bash }: Shell): Promise<void> {
  await plane.kubectl(["create", "namespace", "shop"]);
  await plane.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(trustOf()));
  const binding = JSON.stringify(bindingOf(roles(webRole)));
  assert.match(
    await plane.kubectl(["apply", "--server-side", "-f", "-"], binding),
    /web serverside-applied/u,
  );
  const said = await bash(
    "podtrust bind shop/api --account 111122223333 --policy AmazonSSMReadOnlyAccess --apply",
  );
  assert.match(said, /AWSRoleBinding shop\/api applied/u);
  // What no grant allows is refused once the API server knows of trusts, at most half a minute after their definition.
  // A new name each time: what stands is judged again only where it changes.
  let tries = 0;
  await until(
    "the refusal of what no grant allows",
    () =>
      bash(
        `podtrust bind default/web-${(tries += 1)} --account 111122223333 --policy AmazonSSMReadOnlyAccess --apply 2>&1 || true`,
      ),
    (refusal) => refusal.includes("podtrust-grants"),
  );
}

describe("the install page", { skip: leftOut() }, () => {
  test("by kubectl: its commands, in their order, end with an API server that takes bindings", async (t) => {
    const shell = await freshShell(t);
    for (const block of blocksWith(/^podtrust manifests bindings/mu)) await shell.bash(block);
    await bindAtOnce(shell);
  });

  test("by Helm: its commands, in their order, end with an API server that takes bindings", async (t) => {
    const shell = await freshShell(t);
    const said: string[] = [];
    for (const block of blocksWith(/^helm /mu)) said.push(await shell.bash(block));
    // Who reads no page reads the notes of the release.
    assert.match(said.at(-1) ?? "", /NOTES:[\s\S]*\n {2}podtrust wait bindings\n/u);
    await bindAtOnce(shell);
  });

  test("bind --apply right after the definitions waits for the API server and says why", async (t) => {
    const shell = await freshShell(t);
    await shell.plane.kubectl(["create", "namespace", "shop"]);
    const said = await shell.bash(
      "podtrust manifests bindings | kubectl apply --server-side -f - >/dev/null\n" +
        "podtrust bind shop/web --existing arn:aws:iam::111122223333:role/shop/web --apply",
    );
    assert.match(said, /AWSRoleBinding shop\/web applied/u);
  });
});
