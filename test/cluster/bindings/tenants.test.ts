/**
 * What a namespace's people, the operator's own ServiceAccount and a node may do on a real API server, and what not: by
 * impersonation, each thing in a file of tenants/.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { goodBinding, trustSpec } from "../../support/bindings/objects.ts";
import { type ControlPlane, leftOut } from "../harness/index.ts";
import { create, makeTrust, startBindingsPlane } from "./plane.ts";

const skip = leftOut();

/** What somebody tries. `{uid of pod NAME}` in it is that of a pod in the namespace shop. */
interface Try {
  /** A sentence. */
  readonly promise: string;
  /** A user, and groups where they are not those that every ServiceAccount has. */
  readonly as: string;
  readonly groups?: readonly string[];
  /** Arguments. */
  readonly kubectl: readonly string[];
  /** What kubectl reads. */
  readonly input?: object;
  /** A regular expression for the words of the refusal, in which `RBAC` stands for those of RBAC; absent: it goes well. */
  readonly refused?: string;
}

const folder = fileURLToPath(new URL("tenants/", import.meta.url));
const tries = globSync("*.yaml", { cwd: folder })
  .sort()
  .map((file) => parse(readFileSync(folder + file, "utf8")) as Try);

const rbac = "(?:is forbidden: User|cannot (?:get|list|create|patch|update|delete) )";
const json = (value: object): string => JSON.stringify(value);

/** A pod of the ServiceAccount web on a node, with a token for AWS where it was injected. */
function podOn(nodeName: string, name: string, injected: boolean): object {
  const serviceAccountToken = { audience: "sts.amazonaws.com", expirationSeconds: 3600, path: "token" };
  const volume = { name: "aws-iam-token", projected: { sources: [{ serviceAccountToken }] } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop" },
    spec: {
      nodeName,
      serviceAccountName: "web",
      automountServiceAccountToken: false,
      containers: [{ name: "app", image: "example.test/app:1" }],
      volumes: injected ? [volume] : [],
    },
  };
}

const nodes = ["n1", "n2"].map((name) => ({ apiVersion: "v1", kind: "Node", metadata: { name } }));
const accounts = [
  { name: "web", namespace: "shop", annotations: { theirs: "stays" } },
  { name: "default", namespace: "team-a" },
].map((metadata) => ({ apiVersion: "v1", kind: "ServiceAccount", metadata }));
const ofOperator = [
  { apiVersion: "v1", kind: "Secret" },
  { apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
].map((object) => ({
  ...object,
  metadata: {
    name: object.kind === "Secret" ? "podtrust-webhook" : "podtrust-operator",
    namespace: "podtrust",
  },
}));
const pods = [podOn("n1", "injected", true), podOn("n1", "plain", false), podOn("n2", "elsewhere", true)];

describe("in a cluster with bindings", { skip }, () => {
  let plane: ControlPlane;

  before(async () => {
    plane = await startBindingsPlane({ extraArgs: ["--enable-admission-plugins=NodeRestriction"] }, [
      "shop",
      "team-a",
    ]);
    await makeTrust(plane, trustSpec);
    assert.equal((await create(plane, goodBinding)).status, 201);
    const items = [...nodes, ...accounts, ...ofOperator, ...pods];
    await plane.kubectl(["create", "-f", "-"], json({ apiVersion: "v1", kind: "List", items }));
    // Without a controller manager nobody aggregates, so the parts of the roles view and edit are bound as they are.
    const bind = (role: string, user: string): Promise<string> =>
      plane.kubectl([
        "create",
        "rolebinding",
        "-n",
        "shop",
        `${role.replaceAll(":", "-")}-${user}`,
        `--clusterrole=${role}`,
        `--user=${user}`,
      ]);
    const [view, edit] = [
      ["podtrust-bindings-view", "system:aggregate-to-view"],
      ["podtrust-bindings-edit", "system:aggregate-to-edit"],
    ];
    for (const role of [...view, ...edit]) await bind(role, "alice");
    for (const role of view) await bind(role, "bob");
  });

  after(() => plane.stop());

  /** The text with the uids that it names. */
  async function withUids(text: string): Promise<string> {
    let whole = text;
    for (const [found, kind = "", name = ""] of text.matchAll(/\{uid of (\w+) (\w+)\}/gu)) {
      const uid = await plane.kubectl(["get", kind, name, "-n", "shop", "-o", "jsonpath={.metadata.uid}"]);
      whole = whole.replaceAll(found, uid);
    }
    return whole;
  }

  for (const { promise, as, groups = [], kubectl, input, refused } of tries) {
    test(promise, async () => {
      const args = JSON.parse(await withUids(json(kubectl))) as readonly string[];
      const read = input === undefined ? undefined : await withUids(json(input));
      const whom = [`--as=${as}`, ...groups.map((group) => `--as-group=${group}`)];
      const outcome = await plane.kubectl([...args, ...whom], read).then(
        () => "done",
        (error: unknown) => (error as { stderr: string }).stderr,
      );
      if (refused === undefined) assert.equal(outcome, "done");
      else assert.match(outcome, new RegExp(refused.replaceAll("RBAC", rbac), "su"));
    });
  }
});
