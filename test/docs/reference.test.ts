import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { podtrust } from "../../src/cli/commands.ts";
import { catalogue, links } from "../../src/core/base/index.ts";
import { reasons } from "../../src/core/reasons/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { type BoundParty, loadPartyManifests, partyNames } from "../../src/rules/bindings/index.ts";
import { generatedPages, stalePages } from "../../tools/docs.ts";

const root = join(import.meta.dirname, "..", "..");

test("the reference pages on disk are what the code says (npm run docs)", async () => {
  assert.ok((await generatedPages()).length >= 4);
  assert.deepEqual(await stalePages(), []);
});

test("the table of docs/README.md has every command that help lists, and no other", async () => {
  const page = await readFile(join(root, "docs/README.md"), "utf8");
  const cells = page.split("\n## Commands\n")[1]?.matchAll(/^\| (`[^|]+) \|/gmu) ?? [];
  const rows = [...cells].map(([, cell = ""]) =>
    [...cell.matchAll(/`(\w[^`]*)`/gu)].map(([, words = ""]) => words.split(" ")[0] ?? ""),
  );
  const listed = podtrust.groups.flatMap(({ commands }) => commands).filter(({ hidden }) => hidden !== true);
  const names = listed.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => !rows.flat().includes(name)),
    [],
  );
  assert.deepEqual(
    rows.map(([first = ""]) => first).filter((first) => !names.includes(first)),
    [],
  );
});

test("every error code is in the page, and every code in the page exists", async () => {
  const page = await readFile(join(root, "docs/reference/errors.md"), "utf8");
  const written = [...page.matchAll(/^## (.+)$/gmu)].map(([, code]) => code);
  assert.deepEqual(written, Object.keys(catalogue).sort());
});

test("every error code occurs in src/ outside of the catalogue: what throws it ships with it", () => {
  const sources = globSync("src/**/*.ts", {
    cwd: root,
    exclude: ["**/*.test.ts", "src/core/base/catalogue/**"],
  });
  const text = sources.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  const codes = Object.keys(catalogue);
  assert.ok(sources.length > 1000 && codes.length > 200);
  assert.deepEqual(
    codes.filter((code) => !text.includes(`"${code}"`)),
    [],
  );
});

test("every reason is in the page, fit for a Kubernetes condition, and told what to do unless it holds", async () => {
  const page = await readFile(join(root, "docs/reference/reasons.md"), "utf8");
  const written = [...page.matchAll(/^### (.+)$/gmu)].map(([, name]) => name);
  assert.deepEqual(new Set(written), new Set(Object.keys(reasons)));
  assert.equal(written.length, Object.keys(reasons).length);
  for (const [name, entry] of Object.entries(reasons)) {
    // metav1.Condition: ^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$, CamelCase by convention.
    assert.match(name, /^[A-Z][A-Za-z0-9]+$/u);
    assert.equal("next" in entry, entry.outcome !== "ok", name);
    assert.ok(entry.links.length > 0 && entry.links.every((link) => links.includes(link)), name);
  }
});

test("the page of grants has each field of a grant that the definition of a trust has, and no other", async () => {
  const page = await readFile(join(root, "docs/reference/grants.md"), "utf8");
  const fieldsIn = (text: string): string[] =>
    [...text.matchAll(/^\| `(\w+)` \|/gmu)].map(([, name = ""]) => name);
  const [every = "", ...sections] = page.split("\n## ").slice(1);
  const parties = Object.keys(partyNames) as BoundParty[];
  assert.equal(sections.length, parties.length);
  for (const { kinds, names } of await loadPartyManifests(parties)) {
    const section = sections.find((one) => one.startsWith(`${names.trust.kind}\n`)) ?? "";
    const definition = kinds.find((one) => one.names.kind === names.trust.kind);
    const { grants } = definition?.spec.properties ?? {};
    assert.ok(grants?.type === "array" && grants.items.type === "object");
    assert.deepEqual(
      [...fieldsIn(every), ...fieldsIn(section)].sort(),
      Object.keys(grants.items.properties).sort(),
      names.trust.kind,
    );
  }
});

test("the example of the config page is a config", async () => {
  const page = await readFile(join(root, "docs/reference/config.md"), "utf8");
  const example = /```yaml\n([\s\S]+?)```/u.exec(page)?.[1] ?? "";
  const config = await parseConfig(example, "/etc/podtrust/podtrust.yaml", { HOME: "/root" });
  assert.equal(config.aws[0]?.roles[0]?.name, "demo");
});
