import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refusedText, refusedTokens } from "./index.ts";

const more = { now: 100_000, time: (ms: number): string => `T${ms}` };

describe("what a distrust says of the tokens that it refuses", () => {
  test("is every new one while the cluster signs with the key", () => {
    const refused = refusedTokens("yes", 100_000, 50_000);
    assert.equal(
      refusedText(refused, more),
      "Relying parties refuse every token that the cluster gives out, until another key signs; one of now would have expired by T450000.",
    );
    assert.match(
      refusedText({ ...refused, signs: "perhaps" }, more),
      /^If the cluster signs with it, relying/u,
    );
  });

  test("is those of before, with the end of the last", () => {
    assert.equal(
      refusedText(refusedTokens("no", 90_000, 50_000), more),
      "Relying parties refuse every token that it signed, up to T90000; the last of them would have expired by T440000.",
    );
  });

  test("is none once the last has expired, and of a key that never signed", () => {
    assert.match(
      refusedText(refusedTokens("no", -400_000, 50_000), more),
      /^Its last token expired by T-50000/u,
    );
    assert.equal(refusedText({ signs: "no" }, more), "It has signed no token, so none is refused.");
  });
});
