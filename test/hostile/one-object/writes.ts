import { generateKeyPairSync } from "node:crypto";
import * as fc from "fast-check";
import { defined } from "../../../src/core/base/index.ts";
import type { PublicJwk } from "../../../src/rules/keys/index.ts";
import type { TestPublisher } from "../../support/publisher.ts";

/** The text of a next write, by the time and by what stands there. */
export type Write = (now: number, standing: string | undefined) => string;

interface Known {
  readonly issuer: string;
  /** The cluster's keys, and those of who writes. */
  readonly keys: readonly PublicJwk[];
}

const member = fc.constantFrom("distrustedAt", "takenBack", "absentSince", "signed");
const offset = fc.constantFrom(-90_000_000, -3_600_000, -1000, 0, 1000, 3_600_000, 8.64e15);

/** One key in whatever state: under its own kid or under that of another. */
const anyKey = ({ keys }: Known) =>
  fc
    .record({
      jwk: fc.constantFrom(...keys),
      kid: fc.option(fc.constantFrom(...keys.map(({ kid }) => kid)), { nil: undefined }),
      seen: offset,
      more: fc.dictionary(member, offset, { maxKeys: 4 }),
    })
    .map(({ jwk, kid, seen, more }) => (now: number): object => {
      const times = Object.entries(more).map(([key, at]): [string, unknown] =>
        key === "signed" ? [key, { first: now, last: now + at }] : [key, at === 8.64e15 ? at : now + at],
      );
      return {
        jwk: { ...jwk, ...defined({ kid }) },
        firstSeen: now + (seen === 8.64e15 ? 0 : seen),
        lastSeen: seen === 8.64e15 ? seen : now + seen,
        ...(Object.fromEntries(times) as object),
      };
    });

/** A whole document that is well formed, what stood there with a word changed, or no document at all. */
export function anyWrite(known: Known): fc.Arbitrary<Write> {
  const { issuer } = known;
  const whole = fc
    .record({ keys: fc.array(anyKey(known), { maxLength: 5 }), confirmed: fc.boolean() })
    .map(({ keys, confirmed }): Write => (now) => {
      const times = confirmed ? { confirmedAt: now, changedAt: now } : {};
      return JSON.stringify({ format: 1, issuer, keys: keys.map((key) => key(now)), ...times });
    });
  const changed = fc
    .tuple(
      fc.constantFrom("distrustedAt", "absentSince", "lastSeen"),
      fc.constantFrom("takenBack", "firstSeen", "x"),
    )
    .map(
      ([from, to]): Write =>
        (_now, standing = "{}") =>
          standing.replaceAll(`"${from}"`, `"${to}"`),
    );
  const none = fc.constantFrom("", "{", "[]", "null", '{"format":1}').map(
    (text): Write =>
      () =>
        text,
  );
  return fc.oneof(
    { weight: 6, arbitrary: whole },
    { weight: 2, arbitrary: changed },
    { weight: 1, arbitrary: none },
  );
}

/** A document of so many distrusted RSA keys, which are long to look at: of 1,800 some 800 kB. */
export function manyDistrusts(issuer: string, count: number): string {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { e = "", n = "" } = publicKey.export({ format: "jwk" });
  const number = Buffer.from(n, "base64url");
  const keys = Array.from({ length: count }, (_, index) => {
    number.writeUInt32BE(index, 100);
    const jwk = {
      kty: "RSA",
      alg: "RS256",
      use: "sig",
      kid: `his-${index}`,
      e,
      n: number.toString("base64url"),
    };
    return { jwk, firstSeen: 1, lastSeen: 1, distrustedAt: 1 };
  });
  return JSON.stringify({ format: 1, issuer, keys });
}

/** Moves time by `ms`, with a look at the cluster each ten seconds: the disk, which the clock does not know, keeps up. */
export async function pass(
  { publisher, clock }: Pick<TestPublisher, "publisher" | "clock">,
  ms: number,
): Promise<void> {
  const step = 10_000;
  for (let left = ms; left > 0; left -= step) {
    await publisher.refresh();
    await clock.advance(Math.min(step, left));
  }
  await publisher.refresh();
}
