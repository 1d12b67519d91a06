import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newKey } from "../../../test/support/publisher.ts";
import { emptyState, type SourceState } from "./state.ts";
import { keysToUpload } from "./keys-to-upload.ts";

const keyRetention = 1000;
const [kept, distrusted, other] = [newKey(), newKey(), newKey()];
const state = (firstSeen: number): SourceState => ({
  ...emptyState,
  confirmedAt: firstSeen,
  ring: [
    { jwk: kept, firstSeen, lastSeen: firstSeen },
    { jwk: distrusted, firstSeen: 0, lastSeen: firstSeen, distrustedAt: 0 },
  ],
});
const at = (now: number) => ({ issuer: "https://oidc.example.com", now, keyRetention });

describe("what relying parties are given", () => {
  test("is just what is published", () => {
    assert.deepEqual(keysToUpload(state(5000), at(5000))?.keys, [kept]);
  });

  test("is nothing before the cluster has answered, nor where nothing would be left", () => {
    assert.equal(keysToUpload({ ...state(5000), from: "disk" }, at(5000)), undefined);
    assert.equal(keysToUpload(emptyState, at(5000)), undefined);
    const { ring } = state(5000);
    assert.equal(keysToUpload({ ...state(5000), ring: ring.slice(1) }, at(5000)), undefined);
  });

  test("leaves another key where it stands for the first retention, and a distrusted one never", () => {
    const young = keysToUpload(state(5000), at(5999));
    assert.deepEqual([young?.stays(other), young?.stays(distrusted)], [true, false]);
    assert.equal(young?.stays({ ...other, kid: distrusted.kid }), false);
    const old = keysToUpload(state(5000), at(6000));
    assert.equal(old?.stays(other), false);
  });
});
