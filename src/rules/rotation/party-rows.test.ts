import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { federatedParties } from "../oidc/index.ts";
import { openTexts, partyRowText } from "./index.ts";

const [minute, hour] = [60_000, 3_600_000];
const at = Date.UTC(2026, 11, 1, 8);
const time = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
const withdrawal = { at, publisherCache: minute, isUploaded: false };
const names = ["aws", ...federatedParties] as const;
const never = (): never => assert.fail("there is no moment yet");

describe("what stays open at a relying party after a key was withdrawn", () => {
  test("is counted from the withdrawal itself, for each as long as it is known to keep a set", () => {
    const texts = names.map((name) => openTexts(name, withdrawal, time).join(" "));
    const [aws = "", gcp = "", azure = "", openbao = ""] = texts;
    assert.match(
      aws,
      /^AWS may accept tokens of the key until 2026-12-01T09:01, .*may last until 2026-12-01T21:01/u,
    );
    assert.match(gcp, /^Google Cloud may accept tokens of the key until 2026-12-02T08:01,/u);
    assert.match(azure, /may last until 2026-12-03T08:01, unless sessions are ended\.$/u);
    assert.match(
      openbao,
      /^What OpenBao gave for a token lasts to the end of its lease, unless that is revoked\.$/u,
    );
  });

  test("later is said to be open for as much longer", () => {
    const later = openTexts("aws", { ...withdrawal, at: at + 2 * hour }, time).join(" ");
    assert.match(later, /until 2026-12-01T11:01/u);
  });

  test("has no moment before there was a withdrawal, only durations from it", () => {
    for (const name of names) {
      const text = openTexts(name, { ...withdrawal, at: undefined }, never).join(" ");
      assert.doesNotMatch(text, /20\d\d-/u);
    }
    const [aws = ""] = openTexts("aws", { ...withdrawal, at: undefined }, never);
    assert.match(aws, /for 1h1m after it is withdrawn, unless it is closed\./u);
  });

  test("ends within seconds where keys are uploaded, and when the config says so where they are fetched", () => {
    const [uploaded = ""] = openTexts("gcp", { ...withdrawal, at: undefined, isUploaded: true }, time);
    assert.match(uploaded, /for 5s after it is withdrawn/u);
    // One that takes no keys fetches them, whatever is said.
    const [fetched = ""] = openTexts("aws", { ...withdrawal, at: undefined, isUploaded: true }, time);
    assert.match(fetched, /for 1h1m after it is withdrawn/u);
    const [measured = ""] = openTexts("azure", { ...withdrawal, relyingPartyCache: 9 * minute }, time);
    assert.match(measured, /until 2026-12-01T08:10/u);
  });
});

test("every relying party has a row that says who closes it, who ends sessions and the key, and what proves it", () => {
  for (const name of names) {
    const text = partyRowText(name);
    for (const what of ["Closed by", "Sessions ended by", "The key gone by", "Proved by"])
      assert.match(text, new RegExp(`${what} (?:podtrust|a person|nobody: open): [A-Za-z]`, "u"));
  }
  assert.match(
    partyRowText("azure"),
    /Sessions ended by nobody: open: Entra's access tokens cannot be taken back: /u,
  );
  assert.match(partyRowText("aws"), /Closed by podtrust: rotate stolen KID --cut/u);
});
