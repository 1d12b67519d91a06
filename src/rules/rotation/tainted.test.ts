import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { preparedFacts, rotationFacts, serverWith, start } from "../../../test/support/rotation-facts.ts";
import {
  cleanNext,
  emptyRecord,
  recordNext,
  recordPromotion,
  recordTheft,
  type RotationFacts,
  taintedAt,
  taintedKeys,
  taintText,
} from "./index.ts";

const sealed = { publicKey: "PEM", file: "YWdl" };
const of = (facts: RotationFacts, stolen: string, fresh?: string): Readonly<Record<string, string>> =>
  Object.fromEntries(taintedKeys(facts, stolen, fresh).map(({ kid, why }) => [kid, why]));
/** "spare" is verified everywhere, encrypted, and on no machine. */
const encrypted = (): RotationFacts => {
  const servers = ["a", "b"].map((name) =>
    serverWith(name, ["old", "spare"], {
      files: { verify: ["old", "spare"], signing: "old", privates: ["old"] },
    }),
  );
  return rotationFacts({ servers, record: recordNext(emptyRecord, "spare", sealed) });
};

describe("with a stolen key end", () => {
  test("the next key that lay on the same machine, whichever of the two was stolen", () => {
    const facts = preparedFacts(start);
    assert.deepEqual(of(facts, "old"), { old: "stolen", new: "beside" });
    assert.deepEqual(of(facts, "new"), { new: "stolen", old: "beside" });
  });

  test("a key that signed while the stolen one was verified, and one of which no machine has the private half", () => {
    const files = { verify: ["old"], signing: "old", privates: ["old"] };
    const servers = [serverWith("a", ["old", "former", "foreign"], { files })];
    const keys = [{ kid: "former", signsSince: start }];
    const facts = rotationFacts({ servers, record: { ...emptyRecord, keys } });
    assert.deepEqual(of(facts, "old"), { old: "stolen", former: "signed", foreign: "unvouched" });
  });

  test("what an API server verifies ends too, also where it makes no token", () => {
    const servers = [serverWith("a", ["old", "new"], { signs: undefined })];
    assert.deepEqual(of(rotationFacts({ servers }), "old"), { old: "stolen", new: "beside" });
  });

  test("not an encrypted next key that signed nothing, nor the one that was made for the answer", () => {
    assert.deepEqual(of(encrypted(), "old"), { old: "stolen" });
    assert.equal(cleanNext(encrypted(), "old"), "spare");
    const [a, b] = preparedFacts(start).servers;
    assert.ok(a !== undefined && b !== undefined);
    const facts = rotationFacts({ servers: [serverWith("a", ["fresh"]), b] });
    assert.deepEqual(of(facts, "old", "fresh"), { old: "stolen", new: "beside" });
  });

  test("an encrypted next key as well, where it was stolen, has signed, or lies on a machine", () => {
    const facts = encrypted();
    assert.deepEqual(of(facts, "spare"), { spare: "stolen", old: "beside" });
    const record = recordPromotion(facts.record, { next: "spare", before: "old" }, start);
    assert.deepEqual(of({ ...facts, record }, "old"), { old: "stolen", spare: "signed" });
    const servers = [serverWith("a", ["old", "spare"])];
    assert.deepEqual(of({ ...facts, servers }, "old"), { old: "stolen", spare: "beside" });
  });

  test("what a rotation remembers of them: none is the next key, or the one to go back to", () => {
    const record = { ...emptyRecord, next: "new", before: "old" };
    assert.deepEqual(recordTheft(record, ["old", "new"]), emptyRecord);
    assert.deepEqual(recordTheft(record, ["older"]), record);
    assert.equal(recordTheft(record, ["old"]).next, "new");
  });

  test("none where nothing shows the key", () => {
    assert.deepEqual(taintedKeys(rotationFacts(), "unheard-of"), []);
    assert.match(taintText({ kid: "k", why: "beside" }), /^k ends: its private half lay on the machines/u);
  });

  test("at each server that verifies one, signs with one, or will after its next start", () => {
    const files = { verify: ["old", "fresh"], signing: "fresh", privates: ["fresh"] };
    const servers = [
      serverWith("a", ["fresh"], { files }),
      serverWith("b", ["fresh"]),
      serverWith("c", ["fresh"], { signs: "new" }),
    ];
    assert.deepEqual(taintedAt({ servers }, ["old", "new"]), [
      { name: "a", kids: ["old"] },
      { name: "c", kids: ["new"] },
    ]);
  });
});
