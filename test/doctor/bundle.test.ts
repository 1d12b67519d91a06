/** Bundles are untrusted input, and go to third parties. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bundleOf, factsOfBundle, redacted, reportOf } from "../../src/doctor/index.ts";
import { lookOf } from "./outputs.ts";
import { host, issuer, newWorld, page } from "./world.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Every place of a JSON value, as the path to it. */
function placesOf(value: Json, at: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [at];
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [at, ...members.flatMap(([name, member]) => placesOf(member, [...at, name]))];
}

function replaced(value: Json, [name, ...rest]: readonly (string | number)[], by: Json | undefined): Json {
  if (name === undefined) return by ?? null;
  const copy = Array.isArray(value) ? [...value] : { ...(value as { [name: string]: Json }) };
  const members = copy as Record<string | number, Json>;
  if (rest.length === 0 && by === undefined) delete members[name];
  else members[name] = replaced(members[name] ?? null, rest, by);
  return copy;
}

const wrong: readonly (Json | undefined)[] = [
  undefined,
  null,
  -1,
  1e300,
  "../../etc/passwd",
  "",
  [],
  {},
  [[]],
  { __proto__: null, toString: "x" },
];

/** `judged`, or the code of the error. */
function outcomeOf(text: string): string {
  try {
    return reportOf(factsOfBundle(text)).at === "" ? "no time" : "judged";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe("a bundle", () => {
  test("that was changed in any one place is judged or refused as no bundle, and nothing else happens", async () => {
    const looks = await Promise.all([
      lookOf("AddressDead"),
      lookOf("TokenKidDiffers"),
      lookOf("NameMissing"),
    ]);
    for (const { facts } of looks) {
      const good = JSON.parse(JSON.stringify(bundleOf(facts))) as Json;
      // Four of the wrong values at each place, others at the next.
      for (const [index, place] of placesOf(good).entries())
        for (const by of wrong.filter((_one, at) => (index + at) % 5 < 2)) {
          const outcome = outcomeOf(JSON.stringify(replaced(good, place, by)));
          assert.match(outcome, /^(?:judged|bundle-invalid)$/u, place.join("."));
        }
    }
  });

  test("that is no JSON, another program's, or of another version is refused with what to do", () => {
    for (const text of ["", "{", "[]", '{"kind":"other"}', '{"kind":"podtrust doctor bundle","version":2}'])
      assert.throws(() => factsOfBundle(text), { code: "bundle-invalid" });
  });

  test("with an error that is none of podtrust's has one that says so", async () => {
    const { facts } = await lookOf("AddressDead");
    const bundle = JSON.parse(JSON.stringify(bundleOf(facts))) as {
      facts: { reading: { discovery: Record<string, unknown> } };
    };
    const { answer: _, ...failed } = bundle.facts.reading.discovery;
    bundle.facts.reading.discovery = { ...failed, error: { code: "no-such-code", message: "m", detail: {} } };
    const { discovery } = factsOfBundle(JSON.stringify(bundle)).reading;
    assert.ok(discovery.outcome === "failed");
    assert.match(discovery.error.message, /an error in the bundle is none of podtrust's/u);
  });

  test("keeps of a page in front of an issuer its marks alone, and of headers those that judges look at", async () => {
    const world = await newWorld();
    try {
      const server = await world.start();
      page(server, "discovery", {
        status: 302,
        headers: {
          "set-cookie": "session=planted-cookie",
          location: "https://user:planted-password@login.example.test/?state=1&token=planted-token",
        },
        body: "<html>planted-page</html>",
      });
      const facts = await world.look();
      const texts = [JSON.stringify(bundleOf(facts)), JSON.stringify(reportOf(facts))];
      for (const text of texts) assert.doesNotMatch(text, /planted-/u);
      assert.match(texts[1] ?? "", /login\.example\.test/u);
    } finally {
      await world.close();
    }
  });

  test("without account ids and ARNs means the same, and what was alike stays alike", async () => {
    const world = await newWorld();
    try {
      world.issuer = `${issuer}/111122223333`;
      const server = await world.start({ path: "/111122223333" });
      server.pages.set("/111122223333/.well-known/openid-configuration", {
        body: JSON.stringify({
          issuer: `https://${host}/444455556666`,
          note: "arn:aws:iam::111122223333:role/a",
        }),
      });
      const facts = await world.look();
      const bundle = JSON.stringify(redacted(bundleOf(facts)));
      assert.doesNotMatch(bundle, /111122223333|444455556666|arn:aws/u);
      const before = reportOf(facts);
      const after = reportOf(factsOfBundle(bundle));
      assert.deepEqual(
        after.findings.map(({ reason }) => reason),
        before.findings.map(({ reason }) => reason),
      );
      assert.doesNotMatch(JSON.stringify(redacted(before)), /111122223333|444455556666|arn:aws/u);
    } finally {
      await world.close();
    }
  });
});
