import assert from "node:assert/strict";
import { test } from "node:test";
import { apiBase } from "./index.ts";

test("a credential goes by https, or in the clear to this machine, and to a place that says no more than itself", () => {
  for (const [text, base] of [
    ["https://api.example.com/", "https://api.example.com"],
    ["https://API.example.com:8443/v1/", "https://api.example.com:8443/v1"],
    ["http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"],
    ["http://[::1]:8080", "http://[::1]:8080"],
    ["http://api.example.com", undefined],
    ["https://user:secret@api.example.com", undefined],
    ["https://api.example.com/?to=other", undefined],
    ["https://api.example.com/#other", undefined],
    ["ftp://127.0.0.1", undefined],
    ["api.example.com", undefined],
    ["", undefined],
  ] as const)
    assert.equal(apiBase(text), base, text);
});
