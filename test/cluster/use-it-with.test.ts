/** The page on external-secrets, cert-manager and others: their own charts, out of their Go modules, rendered by Helm's engine with its values. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { buildPrograms, leftOut, type Programs } from "./harness/index.ts";
import { maxWait } from "../support/until.ts";

const run = promisify(execFile);
const page = readFileSync("docs/how-to/use-it-with.md", "utf8");

/** Where a chart lies, with the checksum that Go's checksum database has of the module, and the workload that calls AWS. */
const charts = {
  "external-secrets": {
    module: "github.com/external-secrets/external-secrets@v1.3.2",
    sum: "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
    path: "deploy/charts/external-secrets",
    workload: "Deployment external-secrets",
  },
  "cert-manager": {
    module: "github.com/cert-manager/cert-manager@v1.21.2",
    sum: "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
    path: "deploy/charts/cert-manager",
    workload: "Deployment cert-manager",
  },
  "external-dns": {
    module: "sigs.k8s.io/external-dns@v0.19.0",
    sum: "h1:fyH3AN/WmOrbuAVYgtHPK4UhkNy9DR3gXMU65yQxuzQ=",
    path: "charts/external-dns",
    workload: "Deployment external-dns",
  },
  Loki: {
    module: "github.com/grafana/loki/v3@v3.7.8",
    sum: "h1:bJ0WFWVOjgvG/jYmT9fIX15SYXXDwuEu/IMgTwMA97U=",
    path: "production/helm/loki",
    workload: "StatefulSet loki",
  },
} as const;

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName?: string;
        readonly containers: readonly { readonly env?: readonly { readonly name: string }[] }[];
      };
    };
  };
}

/** A section of the page: its values, and the ServiceAccount that it binds. */
function sectionOf(title: string): {
  readonly text: string;
  readonly values: string;
  readonly account: string;
} {
  const text = page.split(/^## /mu).find((section) => section.startsWith(`${title}\n`)) ?? "";
  const values = /```yaml\n([\s\S]*?)```/u.exec(text)?.[1] ?? "";
  const account = /podtrust bind (\S+)/u.exec(text)?.[1] ?? "";
  return { text, values, account };
}

describe("the page on other projects", { skip: leftOut() }, () => {
  let programs: Programs;
  before(async () => {
    programs = await buildPrograms();
  });

  for (const [title, { module, sum, path, workload }] of Object.entries(charts))
    test(`${title}: its own chart, with the page's values, runs what calls AWS as the ServiceAccount that the page binds`, async () => {
      const { text, values, account } = sectionOf(title);
      const [namespace = "", name = ""] = account.split("/");
      assert.ok(
        text.includes(`v${module.split("@v")[1]}.*`),
        `the page names another version than ${module}`,
      );
      const { stdout } = await run("go", ["mod", "download", "-json", module], { timeout: maxWait });
      const { Dir: dir, Sum } = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string };
      assert.equal(Sum, sum);
      const release = title.toLowerCase();
      assert.ok(existsSync(join(dir, path, "values.schema.json")));
      // The engine holds values to the schema that each of these charts has.
      const rendering = run(programs["helm-render"], [join(dir, path), release, namespace], {
        maxBuffer: 64 * 1024 * 1024,
        timeout: maxWait,
      });
      rendering.child.stdin?.end(values);
      const objects = parseAllDocuments((await rendering).stdout).map(
        (one) => one.toJSON() as Workload | null,
      );
      const found = objects.find((one) => `${one?.kind} ${one?.metadata.name}` === workload);
      assert.ok(found, workload);
      const { serviceAccountName, containers } = found.spec.template.spec;
      assert.equal(serviceAccountName, name);
      // Injection leaves a variable alone that is there: none of AWS's credentials may be.
      const variables = containers.flatMap(({ env = [] }) => env.map((one) => one.name));
      assert.deepEqual(
        variables.filter((one) => /^AWS_(?:ROLE|WEB_IDENTITY|ACCESS|SECRET)/u.test(one)),
        [],
      );
    });

  test("every section says whether its chart was rendered", () => {
    const sections = page.split(/^## /mu).slice(1);
    const titles = sections.map((section) => section.slice(0, section.indexOf("\n")));
    const rendered = titles.filter((_, index) => /^\*Rendered: /mu.test(sections[index] ?? ""));
    const notRendered = titles.filter((_, index) => /^Not rendered\./mu.test(sections[index] ?? ""));
    assert.deepEqual(rendered.toSorted(), Object.keys(charts).toSorted());
    assert.equal(rendered.length + notRendered.length, titles.length);
  });
});
