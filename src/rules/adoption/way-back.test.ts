import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined } from "../../core/base/index.ts";
import { facts, jwksUri, old, ours, pair, server, shown } from "../../../test/support/adoption-facts.ts";
import { finishSteps, nextStep, undoSteps } from "./index.ts";

const gone = { done: true, why: "" };
const living = { done: false, why: "a token lives" };

describe("finish", () => {
  const adopted = pair({ issuers: [ours, old], jwksUri });

  test("waits for every server and for the last token of the old issuer", () => {
    const [wait] = finishSteps(facts({ servers: [server("a"), adopted[1] ?? server("b")] }), living);
    assert.ok(wait !== undefined && "missing" in wait);
    assert.deepEqual(wait.missing, [`a does not sign as ${ours} yet`, "a token lives"]);
  });

  test("takes the old issuer out, server by server, and no audience", () => {
    const steps = finishSteps(facts({ servers: adopted }), gone);
    assert.deepEqual(shown(steps), ["x wait", `. retire a ${ours}`, `. retire b ${ours}`]);
    const [, retire] = steps;
    assert.ok(retire !== undefined && "server" in retire);
    assert.deepEqual(retire.flags?.audiences, [ours, old]);
    const explicit = finishSteps(facts({ servers: pair({ issuers: [ours, old], audiences: [old] }) }), gone);
    assert.deepEqual("flags" in (explicit[1] ?? {}) ? (explicit[1] as typeof retire).flags?.audiences : [], [
      old,
    ]);
  });

  test("is done where no server names another issuer, whatever lives", () => {
    assert.equal(nextStep(finishSteps(facts({ servers: pair({ issuers: [ours] }) }), living)), undefined);
  });
});

describe("undo", () => {
  test("goes back by both issuers, and puts files back only when no token of the new one lives", () => {
    const servers = pair({ issuers: [ours, old], jwksUri });
    assert.deepEqual(shown(undoSteps(facts({ servers }), living)), [
      `x accept a ${ours} ${old}`,
      `x accept b ${ours} ${old}`,
      `. hold a ${old} ${ours}`,
      `. hold b ${old} ${ours}`,
      ". wait",
      ". restore a",
      ". restore b",
    ]);
    assert.deepEqual(shown(undoSteps(facts({ servers: pair({ issuers: [old, ours] }) }), gone)), [
      "x wait",
      ". restore a",
      ". restore b",
    ]);
  });

  test("shows the address of the keys of before again with the issuer that signs, where the server's files say it", () => {
    const before = "https://old.example.com/jwks";
    const holds = (jwks: string | undefined) => {
      const kept = { isEdited: false, keysSince: [], keysGone: [], ...defined({ jwksUri: jwks }) };
      const steps = undoSteps(facts({ servers: pair({ issuers: [ours, old], jwksUri, kept }) }), living);
      return steps.flatMap((step) => ("flags" in step && step.kind === "hold" ? [step.flags?.jwksUri] : []));
    };
    assert.deepEqual(holds(before), [before, before]);
    assert.deepEqual(holds(""), ["", ""]);
    assert.deepEqual(holds(undefined), [undefined, undefined]);
    const kept = { isEdited: false, keysSince: [], keysGone: [], jwksUri: before };
    const half = [
      server("a", { issuers: [old, ours], jwksUri, kept }),
      server("b", { issuers: [ours, old], kept }),
    ];
    const [, , hold] = undoSteps(facts({ servers: half }), living);
    assert.deepEqual([hold?.kind, hold?.done], ["hold", false]);
  });

  test("of a cluster that was finished every server learns the old issuer again first", () => {
    const servers = pair({ issuers: [ours], jwksUri });
    const [first] = undoSteps(facts({ servers, formerIssuers: [old] }), living);
    assert.ok(first !== undefined && "flags" in first);
    assert.deepEqual([first.kind, first.flags?.issuers, first.done], ["accept", [ours, old], false]);
  });

  test("is done where no server names the new issuer", () => {
    assert.equal(nextStep(undoSteps(facts(), living)), undefined);
  });
});
