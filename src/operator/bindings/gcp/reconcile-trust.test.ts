import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError, systemClock } from "../../../core/base/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { googleTrust } from "../../../../test/support/bindings/google.ts";
import { LeftMembers } from "./leftovers.ts";
import { MadeMembers } from "./members.ts";
import type { GoogleClients } from "./pass.ts";
import { reconcileGoogleTrust } from "./reconcile-trust.ts";

const email = "web@shop-project.iam.gserviceaccount.com";
const subject = "system:serviceaccount:shop:web";

/** A trust that is deleted while Google does not answer: what is reported, and whether it was let go. */
async function goes(wasMade: boolean) {
  const read = readGoogleTrust(googleTrust());
  assert.ok("object" in read);
  const made = new MadeMembers();
  if (wasMade) made.add(read.object, { email, subject });
  const released: string[] = [];
  const provider = () => Promise.reject(new PodtrustError("gcp-unreachable", "Google could not be reached"));
  const cluster = {
    removeFinalizer(_object: unknown, finalizer: string) {
      released.push(finalizer);
      return Promise.resolve();
    },
  };
  const whole = googleTrust() as unknown as KubernetesObject;
  const ending = { deletionTimestamp: "2026-11-29T10:00:00Z", finalizers: ["podtrust.dev/gcp"] };
  const object = { ...whole, metadata: { ...whole.metadata, ...ending } };
  const facts = { object, bindings: new Set<string>(), leftovers: new LeftMembers() };
  const clients = { cluster, google: { made, provider } } as unknown as GoogleClients;
  const { events, againIn } = await reconcileGoogleTrust(facts, clients, systemClock);
  return { reported: events.map(({ reason, message }) => `${reason} ${message}`), released, againIn };
}

describe("a GCPTrust that is deleted while Google does not answer", () => {
  test("goes all the same, and names the service accounts in which members may be left", async () => {
    assert.deepEqual(await goes(true), {
      reported: [
        `MemberKept ${email} may let in ServiceAccounts of bindings that are gone: Google could not be reached`,
      ],
      released: ["podtrust.dev/gcp"],
      againIn: undefined,
    });
  });

  test("says nothing where no binding had a member", async () => {
    assert.deepEqual(await goes(false), { reported: [], released: ["podtrust.dev/gcp"], againIn: undefined });
  });
});
