import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SentCredential } from "../../providers/kubernetes/index.ts";
import { credentialWarnings, explainUnauthenticated } from "./credential.ts";

const hour = 3_600_000;
const now = 1000 * hour;
const token: SentCredential = {
  kind: "token",
  from: "token file /etc/podtrust/my token",
  file: "/etc/podtrust/my token",
  exposed: false,
  kid: "old",
  subject: "system:serviceaccount:podtrust:podtrust-publisher",
  issuedAt: now,
  expiresAt: now + 24 * hour,
};
const command =
  "kubectl create token -n podtrust podtrust-publisher --duration 24h > '/etc/podtrust/my token'";

describe("a credential that still works", () => {
  test("is warned of when less than a seventh of its life is left, with the command that renews it", () => {
    assert.deepEqual(credentialWarnings(token, now + 20 * hour), []);
    const [warning = ""] = credentialWarnings(token, now + 20.5 * hour);
    assert.match(warning, /expires at 1970-02-12T16:00:00\.000Z, and the publisher is blind from then on/u);
    assert.ok(warning.includes(command), warning);
  });

  test("is not warned of at the time at which the kubelet renews it", () => {
    const projected = { ...token, issuedAt: now, expiresAt: now + 3607_000 };
    assert.deepEqual(credentialWarnings(projected, now + 0.8 * 3607_000 + 120_000), []);
  });

  test("that lives for a year is warned of a week ahead", () => {
    const certificate: SentCredential = {
      kind: "certificate",
      from: "client certificate of kubeconfig user u",
      issuedAt: now - 8000 * hour,
      expiresAt: now + 8 * 24 * hour,
    };
    assert.deepEqual(credentialWarnings(certificate, now), []);
    assert.match(credentialWarnings(certificate, now + 25 * hour).join(), /new client certificate/u);
  });

  test("is warned of when others may read its file", () => {
    assert.match(
      credentialWarnings({ ...token, exposed: true }, now).join(),
      /Others on this machine may read the token file.*chmod 600 '\/etc\/podtrust\/my token'/u,
    );
  });

  test("that says nothing of itself is not warned of", () => {
    assert.deepEqual(credentialWarnings({ kind: "token", from: "token of exec plugin aws" }, now), []);
    assert.deepEqual(credentialWarnings(undefined, now), []);
  });
});

describe("a credential that the cluster refuses", () => {
  const refusal = { reason: "unauthenticated", message: "it answered 401", next: "Check it." } as const;

  test("is reported as expired where it has", () => {
    const { message, next } = explainUnauthenticated(refusal, token, now + 25 * hour);
    assert.match(message, /^token file .* expired at 1970-02-12T16:00:00\.000Z: it answered 401$/u);
    assert.ok(next.includes(command), next);
  });

  test("and has not expired is reported as signed by a key that the cluster no longer has", () => {
    const { message, next } = explainUnauthenticated(refusal, token, now + hour);
    assert.match(message, /has not expired: the key that signed it \(old\) was taken from the cluster/u);
    assert.match(message, /no new signing key is published/u);
    assert.ok(next.includes(command), next);
  });

  test("of a pod is renewed by starting the pod anew", () => {
    const { file: _none, exposed: _exposed, ...facts } = token;
    const pods = { ...facts, from: "token of the pod" };
    assert.match(explainUnauthenticated(refusal, pods, now).next, /^Start the pod anew/u);
  });

  test("for another reason, or of which nothing is known, is left as the cluster's answer has it", () => {
    const forbidden = { ...refusal, reason: "forbidden" } as const;
    assert.equal(explainUnauthenticated(forbidden, token, now), forbidden);
    assert.equal(explainUnauthenticated(refusal, undefined, now), refusal);
  });
});
