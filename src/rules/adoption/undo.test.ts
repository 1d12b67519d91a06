import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { facts, jwksUri, old, ours, pair, server } from "../../../test/support/adoption-facts.ts";
import {
  type AdoptionFacts,
  adoptionRefusals,
  adoptionSteps,
  adoptionWarnings,
  keptNotes,
  nextStep,
  restartsOf,
  type ServerFacts,
  undoRefusals,
  undoSteps,
} from "./index.ts";
import type { KeptFacts } from "../distribution/index.ts";

const reasons = (more: Partial<AdoptionFacts>): readonly string[] =>
  adoptionRefusals(facts(more)).map(({ reason, server: name = "" }) => `${reason} ${name}`.trim());

describe("the way back", () => {
  const backReasons = (more: Partial<AdoptionFacts>): readonly string[] =>
    undoRefusals(facts(more)).map(({ reason, server: name = "" }) => `${reason} ${name}`.trim());
  const file = "/etc/kubernetes/authentication.yaml";

  test("is open where adoption is refused for what only adoption needs: equal keys, and a distribution's order", () => {
    const servers = [server("a", { issuers: [ours, old], jwksUri }), server("b", { kids: ["k1", "k2"] })];
    assert.deepEqual(reasons({ servers, distribution: "talos", talos: 13 }), [
      "keys-differ a",
      "talos-order",
    ]);
    assert.deepEqual(backReasons({ servers, distribution: "talos", talos: 13 }), []);
  });

  test("asks for a server's AuthenticationConfiguration only where that server would get the new issuer", () => {
    const unread = server("b", { authentication: { kind: "unread", file } });
    assert.deepEqual(reasons({ servers: [server("a"), unread] }), ["authentication-unread b"]);
    assert.deepEqual(backReasons({ servers: [server("a", { issuers: [old, ours] }), unread] }), []);
    assert.deepEqual(backReasons({ servers: [server("a", { issuers: [ours, old] }), unread] }), [
      "authentication-unread b",
    ]);
  });

  test("is refused like adoption where it is not known what runs, or it is a provider's", () => {
    assert.deepEqual(backReasons({}), []);
    assert.deepEqual(backReasons({ distribution: "eks" }), ["managed"]);
    assert.deepEqual(backReasons({ servers: [] }), ["no-servers"]);
    assert.deepEqual(backReasons({ listed: ["a", "b", "c"] }), ["server-unknown c"]);
  });

  test("goes on with what a server will be started with, though it runs with something else, and says so", () => {
    const one = server("a", {
      differs: "--api-audiences is x where it runs, and not set where it will be started",
    });
    const other = server("b", { discovered: ours });
    assert.deepEqual(reasons({ servers: [one, other] }), ["flags-differ a", "flags-differ b"]);
    assert.deepEqual(backReasons({ servers: [one, other] }), []);
    const [first = "", second = ""] = adoptionWarnings(facts({ servers: [one, other] }));
    assert.match(first, /^a does not run with what it will be started with: --api-audiences is x/u);
    assert.match(second, /^b does not run .*says that its issuer is https:\/\/oidc/u);
  });

  test("ends with the files of before, and without them where something other than podtrust, or a rotation, has changed them since", () => {
    const gone = { done: true, why: "" };
    const stepsFor = (kept: Partial<KeptFacts>) => {
      const whole = { isEdited: false, keysSince: [], keysGone: [], ...kept };
      const servers = [server("a", { kept: whole })];
      const all = facts({ servers });
      return { left: nextStep(undoSteps(all, gone))?.kind, notes: keptNotes(all) };
    };
    assert.deepEqual(stepsFor({}), { left: "restore", notes: [] });
    const rotated = stepsFor({ keysSince: ["k2"] });
    assert.equal(rotated.left, undefined);
    assert.match(
      rotated.notes.join(),
      /^a: its keys changed since \(k2 came\), and tokens of the present ones/u,
    );
    // A key that went may have been stolen: nothing brings it back.
    assert.equal(stepsFor({ keysGone: ["k0"] }).left, undefined);
    const edited = stepsFor({ isEdited: true });
    assert.equal(edited.left, undefined);
    assert.match(edited.notes.join(), /^a: its files were changed since.*flags of the issuer go back/u);
  });

  test("needs neither the new issuer's documents nor AWS", () => {
    const nothing = { documents: { families: [], kids: [] }, accounts: [] };
    const servers = pair({ issuers: [ours, old], jwksUri });
    assert.deepEqual(backReasons({ ...nothing, servers }), []);
    const [first] = undoSteps(facts({ ...nothing, servers }), { done: false, why: "a token lives" });
    assert.deepEqual([first?.kind, first?.done], ["accept", true]);
    const next = nextStep(undoSteps(facts({ ...nothing, servers }), { done: false, why: "a token lives" }));
    assert.equal(next?.kind, "hold");
  });
});

test("how often an API server restarts, for how long it is away by what was measured, and what that means", () => {
  const said = (servers: readonly ServerFacts[]) =>
    restartsOf(facts({ servers }), adoptionSteps(facts({ servers })));
  const two = said(pair());
  assert.deepEqual([two.count, two.measuredAway], [4, { minMs: 20_800, maxMs: 27_300 }]);
  assert.match(
    two.notes.join("\n"),
    /restart 4 times, one at a time.* 20\.8 to 27\.3 s where it was measured/u,
  );
  const k3s = restartsOf(facts({ distribution: "k3s" }), adoptionSteps(facts()));
  assert.match(k3s.notes.join("\n"), /5\.5 to 6\.1 s .*without a kubelet/u);
  assert.match(two.notes.join("\n"), /The others answer meanwhile/u);
  const [only] = [said([server("a")])];
  assert.equal(only.count, 2);
  assert.match(only.notes.join("\n"), /the only one: meanwhile kubectl and controllers fail/u);
  assert.match(said([server("a", { issuers: [old, ours] })]).notes[0] ?? "", /restart once/u);
  assert.deepEqual(said(pair({ issuers: [ours, old], jwksUri })).notes, []);
});
