import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inject, injectionFault, type Surroundings } from "../../rules/injection/index.ts";
import { makesItWell } from "./owners.ts";

const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;

function around(annotations: Readonly<Record<string, string>> = {}): Surroundings {
  const all = { "eks.amazonaws.com/role-arn": role("web"), ...annotations };
  return { serviceAccount: { metadata: { name: "web", annotations: all } } };
}

const templateOf = (container: object = {}, metadata: object = {}): Record<string, unknown> => ({
  metadata: { labels: { app: "web" }, ...metadata },
  spec: { serviceAccountName: "web", containers: [{ name: "app", ...container }] },
});
const ownerOf = (template: object) => ({ kind: "ReplicaSet", spec: { template } });

describe("the pod that an owner makes next", () => {
  test("is well where the faulty one was made before an annotation changed, also where it has the role of before", () => {
    const now = around({ "eks.amazonaws.com/role-arn": role("new"), "podtrust.dev/region": "eu-west-1" });
    const old = inject(templateOf(), around()).pod;
    assert.equal(injectionFault(old, now)?.reason, "PodInjectionStale");
    assert.equal(makesItWell(ownerOf(templateOf()), now), true);
  });

  test("is as faulty where its template has a role of its own", () => {
    const own = {
      env: [
        { name: "AWS_ROLE_ARN", value: role("own") },
        { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/var/run/own/token" },
      ],
    };
    const template = templateOf(own);
    assert.equal(injectionFault(inject(template, around()).pod, around())?.reason, "PodRoleDiffers");
    assert.equal(makesItWell(ownerOf(template), around()), false);
  });

  test("is as stale where its template has the profiles of before", () => {
    const profiles = around({ "profile.podtrust.dev/reports": role("reports") });
    const { metadata } = inject(templateOf(), profiles).pod as { metadata: object };
    const now = around({ "profile.podtrust.dev/reports": role("other") });
    const template = templateOf({}, metadata);
    assert.equal(injectionFault(inject(template, now).pod, now)?.reason, "PodInjectionStale");
    assert.equal(makesItWell(ownerOf(template), now), false);
    assert.equal(makesItWell(ownerOf(templateOf()), now), true);
  });
});
