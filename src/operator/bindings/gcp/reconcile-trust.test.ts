import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined, PodtrustError, systemClock } from "../../../core/base/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { googleTrust } from "../../../../test/support/bindings/google.ts";
import { LeftMembers } from "./leftovers.ts";
import { MadeMembers } from "./members.ts";
import type { GoogleClients } from "./rights.ts";
import { reconcileGoogleTrust } from "./reconcile-trust.ts";

const email = "web@shop-project.iam.gserviceaccount.com";
const subject = "system:serviceaccount:shop:web";

/** A trust that is deleted while Google does not answer: what is said, and whether it was let go. */
async function goes({ wasMade = false, gone }: { readonly wasMade?: boolean; readonly gone?: string }) {
  const read = readGoogleTrust(googleTrust());
  assert.ok("object" in read);
  const made = new MadeMembers();
  if (wasMade) made.add(read.object, { email, subject });
  const released: string[] = [];
  const provider = () => Promise.reject(new PodtrustError("gcp-unreachable", "Google could not be reached"));
  const cluster = {
    read: () => Promise.resolve(object),
    apply: (written: unknown) => Promise.resolve(written),
    removeFinalizer(_object: unknown, finalizer: string) {
      released.push(finalizer);
      return Promise.resolve();
    },
  };
  const whole = googleTrust() as unknown as KubernetesObject;
  const annotations = defined({ "podtrust.dev/gone": gone });
  const ending = {
    annotations,
    deletionTimestamp: "2026-11-29T10:00:00Z",
    finalizers: ["podtrust.dev/gcp"],
  };
  const object = { ...whole, metadata: { ...whole.metadata, ...ending } };
  const facts = { object, bindings: new Set<string>(), leftovers: new LeftMembers() };
  const clients = { cluster, google: { made, provider } } as unknown as GoogleClients;
  const { conditions, events, againIn } = await reconcileGoogleTrust(facts, clients, systemClock);
  assert.deepEqual(
    events.filter(({ reason }) => reason !== "ScopeNotAsked"),
    [],
  );
  const said = conditions.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  return { said, released, againIn, pool: `${read.object.projectNumber}/${read.object.pool}` };
}

describe("a GCPTrust that is deleted while Google does not answer", () => {
  test("waits where a binding had a member, and says in which pool and what can be said of it", async () => {
    const { said, released, againIn, pool } = await goes({ wasMade: true });
    assert.deepEqual([released, againIn], [[], 5000]);
    assert.equal(said[0], "Ready GoogleNotAsked Google could not be reached");
    assert.match(
      said[1] ?? "",
      new RegExp(`^Emptied ScopeNotAsked ${pool} .*podtrust\\.dev/gone=${pool}$`, "u"),
    );
  });

  test("goes once a person says that the pool is gone, and where no binding had a member", async () => {
    const { pool } = await goes({});
    for (const about of [{ wasMade: true, gone: pool }, {}]) {
      const { said, released, againIn } = await goes(about);
      assert.deepEqual([said, released, againIn], [[], ["podtrust.dev/gcp"], undefined]);
    }
  });
});
