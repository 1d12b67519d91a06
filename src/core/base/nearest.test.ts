import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nearest } from "./index.ts";

describe("the nearest spelling", () => {
  test("the nearest spelling is found over one edit in three letters", () => {
    const keys = ["https", "http", "source", "keyRetention"];
    assert.equal(nearest("htps", keys), "https");
    assert.equal(nearest("KEYRETENTION", keys), "keyRetention");
    assert.equal(nearest("souce", keys), "source");
    assert.equal(nearest("osurce", keys), "source");
  });

  test("a word that is near to nothing has none", () => {
    assert.equal(nearest("banana", ["https", "source"]), undefined);
    assert.equal(nearest("x", []), undefined);
    assert.equal(nearest("", ["", "x"]), undefined);
    assert.equal(nearest("s".repeat(65), ["source"]), undefined);
    assert.equal(nearest("ab", ["xy"]), undefined);
  });
});
