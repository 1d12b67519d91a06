import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../../core/base/index.ts";
import type { ServerSight } from "../../parts/index.ts";
import type { ClusterFacts, JudgedFacts } from "../facts.ts";
import { judgeCluster } from "./cluster.ts";

const issuer = "https://oidc.example.com";
const server = "https://cluster.example.com:6443";

const documents = (of: string): ClusterFacts["documents"] => ({
  kind: "seen",
  value: { discovery: { issuer: of }, jwks: { keys: [{}] } } as unknown as {
    discovery: never;
    jwks: never;
  },
});

/** The reasons of what is found at a cluster that shows these facts. */
function reasonsOf(
  facts: Partial<ClusterFacts> | undefined,
  publisher?: { readonly formerIssuers: readonly string[] },
  servers: readonly ServerSight[] = [],
): readonly string[] {
  const whole: ClusterFacts = {
    server,
    username: { kind: "seen", value: "admin" },
    version: "Kubernetes v1.36.3",
    documents: documents(issuer),
    ...facts,
  };
  const judged = { config: { file: "podtrust.yaml", issuer, publisher }, cluster: facts && whole, servers };
  return judgeCluster(judged as unknown as JudgedFacts).map(({ reason }) => reason);
}

describe("what status says of a cluster", () => {
  test("is that it answers and has the config's issuer", () => {
    assert.deepEqual(reasonsOf({}), ["ClusterReachable", "ClusterIssuerMatches"]);
  });

  test("is what runs of its API servers, each by itself, where the config names their machines", () => {
    const one: ServerSight = { name: "cp-1", kind: "as-started" };
    const others = (["otherwise", "none", "not-looked-at"] as const).map((kind): ServerSight => ({
      name: "cp-2",
      kind,
      why: "why",
    }));
    const said = (...servers: readonly ServerSight[]): readonly string[] =>
      reasonsOf({}, undefined, servers).slice(2);
    assert.deepEqual(said(), []);
    assert.deepEqual(said(one, one), ["ServersAsStarted"]);
    assert.deepEqual(said(one, ...others), [
      "ServerStartsOtherwise",
      "ServerDoesNotRun",
      "ServersNotLookedAt",
    ]);
  });

  test("is that a server's next start takes the issuer from two places, in place of what follows from that", () => {
    const twice = { seen: "k3s.service gives it", next: "Install it without." };
    const said = (kind: ServerSight["kind"]): readonly string[] =>
      reasonsOf({}, undefined, [{ name: "cp-1", kind, why: "why", twice }]).slice(2);
    assert.deepEqual(said("as-started"), ["IssuerGivenTwice"]);
    assert.deepEqual(said("otherwise"), ["IssuerGivenTwice"]);
    assert.deepEqual(said("none"), ["IssuerGivenTwice", "ServerDoesNotRun"]);
    assert.deepEqual(said("not-looked-at"), ["IssuerGivenTwice", "ServersNotLookedAt"]);
  });

  test("is that there is none in the config", () => {
    assert.deepEqual(reasonsOf(undefined), ["ClusterNotConfigured"]);
  });

  test("is that it has another issuer, or still the former one of a move", () => {
    const other = { documents: documents("https://old.example.com") };
    assert.deepEqual(reasonsOf(other), ["ClusterReachable", "IssuerMismatch"]);
    const moving = { formerIssuers: ["https://old.example.com"] };
    assert.deepEqual(reasonsOf(other, moving), ["ClusterReachable", "ClusterFormerIssuer"]);
  });

  test("is a failure of the whole API once, and one of its documents beside what answered", () => {
    const failed = {
      kind: "failed",
      error: new PodtrustError("cluster-unreachable", "no answer within 10s"),
    } as const;
    assert.equal(reasonsOf({ username: failed, documents: failed }).length, 1);
    assert.equal(reasonsOf({ documents: failed }).length, 2);
  });

  test("is that other users of the machine may read its credential", () => {
    const exposure = { seen: "kubeconfig has mode 0644", next: "chmod 600 kubeconfig" };
    assert.deepEqual(reasonsOf({ exposure }), [
      "ClusterReachable",
      "ClusterTokenExposed",
      "ClusterIssuerMatches",
    ]);
  });
});
