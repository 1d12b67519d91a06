import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AskServers, askServers, untilServed } from "../../src/providers/dns/index.ts";
import { loopbackDns } from "../support/loopback-dns.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const text = { zone: "example.com", name: "_acme-challenge.oidc.example.com", value: "proof" };
const { signal } = new AbortController();

async function waited(ask: AskServers) {
  const clock = new SwiftClock();
  const said: string[] = [];
  const waiting = (reason: string, deadline: number): void => {
    assert.ok(deadline > clock.elapsed() - 1);
    said.push(reason);
  };
  const start = clock.now();
  const isSeen = await untilServed({ ask, clock }, text, { signal, waiting });
  return { isSeen, said, took: clock.now() - start };
}

describe("waiting for a TXT record at a zone's name servers", () => {
  test("ends once each of them has the value, and says for what it waits", async () => {
    let asked = 0;
    const { isSeen, said, took } = await waited(() => {
      asked += 1;
      const late = asked < 3 ? ["older"] : ["older", "proof"];
      return Promise.resolve([
        { server: "a.ns.example", values: ["proof"] },
        { server: "b.ns.example", values: late },
      ]);
    });
    assert.ok(isSeen);
    assert.deepEqual([said.length, took], [2, 4000]);
    assert.match(
      said[0] ?? "",
      /^the name servers of example\.com do not answer with the TXT record of _acme/u,
    );
  });

  test("is an error after two minutes where they answer without the value, which names them", async () => {
    const ask: AskServers = () => Promise.resolve([{ server: "b.ns.example", values: [] }]);
    await assert.rejects(waited(ask), {
      code: "dns-not-visible",
      message: /not on all name servers after 2 minutes: b\.ns\.example lack it$/u,
    });
  });

  test("ends without an error where none of them can be asked from here", async () => {
    const { isSeen, took } = await waited(() => Promise.reject(new Error("port 53 is closed")));
    assert.ok(!isSeen);
    assert.ok(took >= 120_000 && took < 130_000);
  });

  test("asks the servers that the zone names, past every cache, also where one of them is down", async (t) => {
    const values = new Set<string>();
    const dns = await loopbackDns((question) => {
      if (question === "NS example.com")
        return ["one", "two"].map((name) => ({ type: "NS", value: `${name}.ns.example` }));
      if (question === "A one.ns.example") return [{ type: "A", value: "127.0.0.1" }];
      if (question === `TXT ${text.name}`) return [...values].map((value) => ({ type: "TXT", value }));
      return [];
    });
    t.after(() => dns.close());
    const ask = askServers({ port: dns.port, resolvers: [`127.0.0.1:${dns.port}`] });
    assert.deepEqual(await ask("example.com", text.name), [{ server: "one.ns.example", values: [] }]);
    values.add("older").add("proof");
    assert.deepEqual(await ask("example.com", text.name), [
      { server: "one.ns.example", values: ["older", "proof"] },
    ]);
    await assert.rejects(ask("example.net", text.name), { code: "ENOTFOUND" });
  });
});
