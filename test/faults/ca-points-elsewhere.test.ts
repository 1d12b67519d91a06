/** A CA that names addresses of others: nothing is sent there, and what is served goes on being served. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { CaAnswer, CaFault, CaResource } from "../../src/sandbox/ca/index.ts";
import { type CertificateBench, servedNames, startCertificateBench } from "../support/certificate-bench.ts";
import { stepUntil } from "../support/steps.ts";

let bench: CertificateBench;
let stranger: Server;
let elsewhere: string;
let connections = 0;

type Fields = Record<string, unknown>;

/** An answer of these resources with other members, or headers. */
function lying(
  at: readonly CaResource[],
  change: (body: Fields) => Fields,
  headers: Record<string, string> = {},
): CaFault {
  const lie = (answer: CaAnswer): CaAnswer => ({
    ...answer,
    body: typeof answer.body === "object" ? change(answer.body as Fields) : (answer.body ?? ""),
    headers: { ...answer.headers, ...headers },
  });
  return { what: "lie", at, lie };
}

/** Renews while the CA lies; gives the message of the refusal. */
async function refusal(fault: (elsewhere: string) => CaFault): Promise<string> {
  const manager = await bench.start();
  await stepUntil(bench.clock, () => manager.status().state === "valid");
  const before = manager.current();
  bench.ca.misbehave(fault(elsewhere));
  let ended = false;
  const renewal = manager.renewNow().then(
    () => assert.fail("it was given a certificate"),
    () => (ended = true),
  );
  await stepUntil(bench.clock, () => ended);
  await renewal;
  assert.equal(manager.status().lastError?.code, "acme-answer-invalid");
  assert.equal(connections, 0, "nothing was sent to another host");
  assert.deepEqual(manager.current(), before);
  const said = manager.status().lastError?.message ?? "";
  bench.ca.misbehave(undefined);
  await stepUntil(bench.clock, () => manager.status().state === "valid", { step: 30_000 });
  assert.notEqual(manager.current()?.key, before?.key);
  return said;
}

const noneOfItsOwn = /the CA names an address that is none of its own \(https:\/\/127\.0\.0\.1:\d+\)/u;

const cases: Readonly<Record<string, (url: string) => CaFault>> = {
  "an order": (url) =>
    lying(["newOrder"], (order) => ({ ...order, status: "pending", authorizations: [] }), {
      location: `${url}/order`,
    }),
  "an authorization": (url) =>
    lying(["newOrder"], (order) => ({ ...order, authorizations: [`${url}/authorization`] })),
  "a challenge": (url) =>
    lying(["authorization"], (authorization) => ({
      ...authorization,
      status: "pending",
      challenges: [{ type: "http-01", url: `${url}/challenge`, status: "pending", token: "a" }],
    })),
  "where to finalize": (url) =>
    lying(["newOrder", "order"], (order) => ({ ...order, finalize: `${url}/finalize` })),
  "a certificate": (url) =>
    lying(["finalize", "order"], (order) => ({
      ...order,
      status: "valid",
      certificate: `${url}/certificate`,
    })),
};

describe("a CA that names addresses of others", () => {
  beforeEach(async () => {
    bench = await startCertificateBench();
    connections = 0;
    stranger = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(stranger, "listening");
    elsewhere = `https://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    stranger.close();
    await bench.close();
  });

  for (const [what, fault] of Object.entries(cases)) {
    test(`${what} at another host than the directory's is not asked for`, async () => {
      assert.match(await refusal(fault), noneOfItsOwn);
    });
  }

  test("another host that the directory itself names is asked", async () => {
    const other = await startCertificateBench();
    try {
      // The directory of one CA, all else at another.
      const { directoryUrl, tlsCa } = other.ca;
      const { origin } = new URL(directoryUrl);
      const here = new URL(bench.ca.directoryUrl).origin;
      bench.ca.misbehave(
        lying(
          ["directory"],
          (directory) => JSON.parse(JSON.stringify(directory).replaceAll(here, origin)) as Fields,
        ),
      );
      const issuer = { ...bench.issuer, ca: [bench.ca.tlsCa, tlsCa] };
      const manager = await bench.start({ issuers: [issuer], solvers: [other.listeners.http01] });
      await stepUntil(bench.clock, () => manager.status().state === "valid");
      assert.equal(servedNames(manager), "DNS:oidc.example.com");
    } finally {
      await other.close();
    }
  });

  test("proofs of names that were not ordered are not given", async () => {
    const said = await refusal(() =>
      lying(["authorization"], (authorization) => ({
        ...authorization,
        status: "pending",
        identifier: { type: "dns", value: "bank.example" },
      })),
    );
    assert.match(said, /it is of bank\.example, for which nothing was ordered/u);
  });

  test("an order for other names, or with more proofs than names, is not followed", async () => {
    const other = [{ type: "dns", value: "bank.example" }];
    assert.match(
      await refusal(() => lying(["newOrder"], (order) => ({ ...order, identifiers: other }))),
      /the order is for bank\.example, not for oidc\.example\.com/u,
    );
  });

  test("more proofs than names are not given", async () => {
    const many = (order: Fields): Fields => ({
      ...order,
      authorizations: Array<unknown>(50).fill((order["authorizations"] as unknown[])[0]),
    });
    assert.match(await refusal(() => lying(["newOrder"], many)), /it wants 50 proofs for 1 names/u);
  });
});
