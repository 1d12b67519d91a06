/** What an operator in the cluster is deployed with, so that it uploads keys to Google, and binds there, by its own token. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { parseCredentials } from "../../src/providers/gcp/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { parse } from "../support/config-text.ts";
import { projectNumber } from "./google-world.ts";

const path = `projects/${projectNumber}/locations/global/workloadIdentityPools/prod/providers/prod`;
const upload = { project: "shop-project", projectNumber };
const fetched = { project: "other-project", projectNumber: "210987654321", keys: "fetch" };

const image = "registry.example.com/podtrust:0.1.0";

const operator = (...more: readonly string[]) =>
  podtrustHere(["manifests", "operator", "--image", image, "--json", ...more]);

function configFile(t: TestContext, config: object): string {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-operator-pods-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "podtrust.yaml");
  writeFileSync(file, JSON.stringify({ stack: "prod", issuer: "https://oidc.example.com", ...config }));
  return file;
}

function manifests(t: TestContext, config: object, part: "operator" | "publisher" = "operator") {
  const file = configFile(t, config);
  if (part === "operator") return operator("--keys", file);
  return podtrustHere(["manifests", part, "--image", image, "--file", file, "--json"]);
}

async function printed(made: ReturnType<typeof operator>): Promise<readonly JsonRecord[]> {
  const { code, out, err } = await made;
  assert.equal(code, 0, err);
  return recordsOf(recordOf(JSON.parse(out))["items"]);
}

const objectsOf = (t: TestContext, config: object): Promise<readonly JsonRecord[]> =>
  printed(manifests(t, config));

const ofKind = (objects: readonly JsonRecord[], wanted: string): JsonRecord =>
  recordOf(objects.find(({ kind }) => kind === wanted));

/** The pods' template, and the audience and credential file that it gives them. */
function podsOf(objects: readonly JsonRecord[]) {
  const template = recordOf(recordOf(ofKind(objects, "Deployment")["spec"])["template"]);
  const annotations = recordOf(recordOf(template["metadata"])["annotations"]);
  const file = parseCredentials(String(annotations["cloud.google.com/external-credentials-json"]));
  const sources = recordsOf(recordOf(template["spec"])["volumes"]).flatMap(({ projected }) =>
    recordsOf(recordOf(projected)["sources"]),
  );
  const audiences = sources.flatMap(({ serviceAccountToken: token }) =>
    token === undefined ? [] : [recordOf(token)["audience"]],
  );
  const [container] = recordsOf(recordOf(template["spec"])["containers"]);
  return { annotations, file, audiences, args: container?.["args"] };
}

describe("an operator in the cluster that uploads keys", () => {
  test("has a config with the projects that take uploads and no more, and their first provider for its own token", async (t) => {
    const account = { email: "web@shop-project.iam.gserviceaccount.com", serviceAccounts: ["shop/web"] };
    const objects = await objectsOf(t, { gcp: [fetched, { ...upload, serviceAccounts: [account] }] });
    const { "podtrust.yaml": text } = recordOf(ofKind(objects, "ConfigMap")["data"]);
    const { stack, issuer, gcp } = await parse(String(text));
    assert.deepEqual([stack, issuer], ["prod", "https://oidc.example.com"]);
    assert.deepEqual(
      gcp.map(({ project, pool, provider, keys, serviceAccounts }) => [
        project,
        pool,
        provider,
        keys,
        serviceAccounts.length,
      ]),
      [["shop-project", "prod", "prod", "upload", 0]],
    );
    const { file, audiences, args } = podsOf(objects);
    assert.equal(file.kind === "external_account" && file.audience, `//iam.googleapis.com/${path}`);
    assert.deepEqual(audiences, [`https://iam.googleapis.com/${path}`]);
    assert.ok(Array.isArray(args) && args.includes("--keys=/etc/podtrust/podtrust.yaml"));
    const secrets = objects.filter(({ kind }) => kind === "Secret").map(({ metadata }) => recordOf(metadata));
    assert.deepEqual(
      secrets.map(({ name }) => name),
      ["podtrust-keys", "podtrust-keys-store-key"],
    );
  });

  test("has its token for the audience that the provider takes, and new pods once the config changes", async (t) => {
    const audience = "https://sts.example.com";
    const digestOf = (objects: readonly JsonRecord[]): unknown =>
      podsOf(objects).annotations["podtrust.dev/config-digest"];
    const plain = await objectsOf(t, { gcp: [upload] });
    const named = await objectsOf(t, { gcp: [{ ...upload, audiences: [audience] }] });
    assert.deepEqual(podsOf(named).audiences, [audience]);
    assert.notEqual(digestOf(named), digestOf(plain));
  });

  test("is refused where a publisher uploads the keys, and where nothing is uploaded", async (t) => {
    const publisher = { https: { acme: { email: "ops@example.com" } } };
    const served = await manifests(t, { publisher, gcp: [upload] });
    assert.deepEqual([served.code, /has a publisher, which uploads the keys/u.test(served.out)], [2, true]);
    const kept = await manifests(t, { gcp: [fetched] });
    assert.deepEqual([kept.code, /has no keys uploaded anywhere/u.test(kept.out)], [2, true]);
  });

  test("is what a publisher in pods is sent to, which would have no credentials for Google", async (t) => {
    const publisher = { https: { acme: { email: "ops@example.com" } } };
    const { code, out } = await manifests(t, { publisher, gcp: [upload] }, "publisher");
    assert.equal(code, 2);
    assert.match(
      out,
      /keys: upload of the section gcp is not for a publisher in pods.*manifests operator --keys/su,
    );
    const fetching = await manifests(t, { publisher, gcp: [fetched] }, "publisher");
    assert.equal(fetching.code, 0, fetching.err);
  });
});

describe("an operator in the cluster that reconciles Google's bindings", () => {
  const bindings = ["--bindings", "--for", "gcp"] as const;
  const own = path.replace("/prod/", "/bindings/");

  test("has a token of its own, and the file that names it, for the provider that is said, and no keys to upload", async () => {
    const objects = await printed(operator(...bindings, "--google-provider", own));
    const { file, audiences, args } = podsOf(objects);
    assert.equal(file.kind === "external_account" && file.audience, `//iam.googleapis.com/${own}`);
    assert.deepEqual(audiences, [`https://iam.googleapis.com/${own}`]);
    assert.ok(Array.isArray(args) && args.includes("--for=gcp") && !args.join(" ").includes("--keys"));
    assert.deepEqual(ofKind(objects, "ConfigMap"), {});
  });

  test("has its token for an audience that is said, in place of that of the keys", async (t) => {
    const said = ["--google-provider", own, "--google-audience", "https://sts.example.com"];
    const keys = ["--keys", configFile(t, { gcp: [upload] })];
    const { file, audiences, args } = podsOf(await printed(operator(...bindings, ...said, ...keys)));
    assert.equal(file.kind === "external_account" && file.audience, `//iam.googleapis.com/${own}`);
    assert.deepEqual(audiences, ["https://sts.example.com"]);
    assert.ok(Array.isArray(args) && args.includes("--keys=/etc/podtrust/podtrust.yaml"));
  });

  test("has nothing of Google's where no provider is said: its credentials come otherwise", async () => {
    const text = JSON.stringify(await printed(operator(...bindings)));
    assert.doesNotMatch(text, /GOOGLE_APPLICATION_CREDENTIALS|external-credential/u);
  });

  for (const [what, words, said] of [
    [
      "a name that is no provider's",
      ["--google-provider", "projects/shop/providers/x"],
      /no name of a provider/u,
    ],
    [
      "an audience that is none",
      ["--google-provider", own, "--google-audience", "a b"],
      /it is no audience/u,
    ],
    ["an audience of no provider", ["--google-audience", "https://sts.example.com"], /for the provider of/u],
  ] as const)
    test(`is refused ${what}`, async () => {
      const { code, out } = await operator(...bindings, ...words);
      assert.equal(code, 2);
      assert.match(out, said);
    });
});
