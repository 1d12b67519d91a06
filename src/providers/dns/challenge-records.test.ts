import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { challengeRecords } from "./challenge-records.ts";
import type { DnsProvider, DnsZone } from "../../rules/dns/index.ts";

test("a proof that is ended while its zone is looked for leaves another of the same name as it is", async () => {
  const found = Promise.withResolvers<DnsZone>();
  const added: string[] = [];
  const provider = {
    zoneOf: (_name: string, signal: AbortSignal) => {
      signal.addEventListener("abort", () => found.reject(signal.reason as Error));
      return found.promise;
    },
    addText: (_zone: DnsZone, { value }: { readonly value: string }) =>
      Promise.resolve(void added.push(value)),
  } as unknown as DnsProvider;
  const records = challengeRecords({
    provider,
    clock: new TestClock(),
    ask: () => Promise.resolve([]),
    waiting: () => {},
  });
  const name = "_acme-challenge.oidc.example.com";
  const first = new AbortController();
  const [one, two] = [records.setTxt(name, "first", first.signal), records.setTxt(name, "second")];
  first.abort(new Error("the first is over"));
  await assert.rejects(one, /the first is over/u);
  found.resolve({ name: "example.com" } as DnsZone);
  await two;
  assert.deepEqual(added, ["second"]);
});
