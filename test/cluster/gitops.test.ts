/** The page on Argo CD and Flux: its health check, run by the Lua that Argo CD has. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parse, parseAllDocuments } from "yaml";
import { recordOf } from "../../src/core/base/index.ts";
import { blocksOf } from "../docs/pages.ts";
import { buildPrograms, leftOut } from "./harness/index.ts";

const blocks = blocksOf("docs/how-to/gitops.md").filter(({ language }) => language === "yaml");

interface Health {
  readonly status: string;
  readonly message: string;
}

const ready = (status: string, reason: string, observedGeneration = 2): object => ({
  metadata: { generation: 2 },
  status: {
    observedGeneration,
    conditions: [
      { type: "Granted", status: "True", reason: "BindingGranted", message: "granted" },
      { type: "Ready", status, reason, message: "what STS said" },
    ],
  },
});

describe("the page on Argo CD and Flux", { skip: leftOut() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-gitops-"));
  let program: string;
  before(async () => {
    program = (await buildPrograms())["argo-health"];
  });
  after(() => rmSync(folder, { recursive: true }));

  function scripts(): Readonly<Record<string, string>> {
    const block = blocks.find(({ text }) => text.includes("resource.customizations.health"));
    return (parse(block?.text ?? "") as { readonly data: Record<string, string> }).data;
  }

  async function healthOf(script: string, object: object): Promise<Health> {
    const file = join(folder, "health.lua");
    writeFileSync(file, script);
    const running = promisify(execFile)(program, [file]);
    running.child.stdin?.end(JSON.stringify(object));
    return JSON.parse((await running).stdout) as Health;
  }

  const cases: readonly (readonly [string, object, string])[] = [
    ["nobody has looked at", { metadata: { generation: 1 } }, "Progressing"],
    ["has no conditions yet", { metadata: { generation: 1 }, status: {} }, "Progressing"],
    ["was looked at before its last change", ready("True", "StsAccepted", 1), "Progressing"],
    ["is Ready", ready("True", "StsAccepted"), "Healthy"],
    ["is not granted", ready("False", "BindingNotGranted"), "Degraded"],
    ["waits for AWS to know its role", ready("False", "RoleSettling"), "Progressing"],
    ["could not be judged", ready("Unknown", "AwsUnavailable"), "Progressing"],
    [
      "is being deleted",
      {
        ...ready("True", "StsAccepted"),
        metadata: { generation: 2, deletionTimestamp: "2026-01-01T00:00:00Z" },
      },
      "Progressing",
    ],
  ];
  for (const [what, object, status] of cases)
    test(`Argo CD calls a binding or trust that ${what} ${status}`, async () => {
      const checks = Object.entries(scripts());
      assert.deepEqual(
        checks.map(([key]) => key.split("podtrust.dev_")[1]),
        ["AWSRoleBinding", "AWSTrust"],
      );
      for (const [, script] of checks) assert.equal((await healthOf(script, object)).status, status);
    });

  test("the health check says the reason and the message of Ready", async () => {
    const [script = ""] = Object.values(scripts());
    const { message } = await healthOf(script, ready("False", "BindingNotGranted"));
    assert.equal(message, "BindingNotGranted: what STS said");
  });

  test("bindings come after definitions, and are tried again for longer than an API server takes to learn of new kinds", () => {
    const objects = blocks
      .flatMap(({ text }) => parseAllDocuments(text))
      .map((one) => one.toJSON() as unknown);
    const specOf = (kind: string): unknown =>
      recordOf(
        objects.find(
          (one) => recordOf(one)["kind"] === kind && /podtrust-bindings/u.test(JSON.stringify(one)),
        ),
      )["spec"];
    const { syncPolicy } = specOf("Application") as {
      syncPolicy: { retry: { limit: number; backoff: { duration: string; factor: number } } };
    };
    const { limit, backoff } = syncPolicy.retry;
    const waits = Array.from(
      { length: limit },
      (_, index) => parseInt(backoff.duration, 10) * backoff.factor ** index,
    );
    assert.ok(waits.reduce((sum, one) => sum + one, 0) > 60);
    const flux = specOf("Kustomization") as { dependsOn: readonly object[]; retryInterval: string };
    assert.deepEqual(flux.dependsOn, [{ name: "podtrust" }]);
    assert.equal(flux.retryInterval, "30s");
  });
});
