/** What depends on an identity has its ids by Azure's answer to what made it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { ApiClient } from "../../src/core/http/index.ts";
import { identityResource } from "../../src/providers/azure/index.ts";
import { azure } from "../../src/providers/azure/vendor.ts";
import { applyPlan, planOf, type Resource } from "../../src/rules/plan/index.ts";
import { stackOwner } from "../support/stack-owner.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const clientId = "22222222-3333-4444-5555-666666666666";
const principalId = "33333333-4444-5555-6666-777777777777";
const group = { subscription: "11111111-2222-3333-4444-555555555555", resourceGroup: "podtrust" };

/** Azure with no identity yet; `lost`: the first write is carried out and not answered. */
async function withAzure(
  lost: boolean,
  work: (url: string, calls: string[]) => Promise<void>,
): Promise<void> {
  const calls: string[] = [];
  let identity: object | undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const method = request.method ?? "";
      calls.push(method);
      const body = await text(request);
      if (method === "GET" && identity === undefined) response.writeHead(404);
      if (method === "PUT")
        identity = { name: "web", ...(JSON.parse(body) as object), properties: { clientId, principalId } };
      if (method === "PUT" && lost) request.socket.destroy();
      else response.end(JSON.stringify(identity ?? {}));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
}

for (const [how, lost] of [
  ["the answer to what made it has them", false],
  ["where that answer was lost, the reading that found it has them", true],
] as const)
  test(`an identity is not read again for its ids: ${how}`, async () => {
    await withAzure(lost, async (endpoint, calls) => {
      const tokens = { get: () => Promise.resolve("token"), forget: () => {} };
      const api = new ApiClient({ vendor: azure, endpoint, tokens, clock: new SwiftClock() });
      const spec = { ...stackOwner(), group, name: "web", location: "westeurope" };
      const identity = identityResource(api, spec);
      let seen: unknown;
      const needing: Resource = {
        id: "needing",
        kind: "needing",
        names: [],
        link: "trust",
        dependsOn: [],
        needs: [{ after: identity.id, name: "clientId" }],
        fingerprint: (state) => state,
        read: () => Promise.resolve({ exists: false }),
        diff: () => ({ kind: "create", fields: [] }),
        apply: (_change, { inputs }) => {
          seen = inputs.get({ after: identity.id, name: "clientId" });
          return Promise.resolve();
        },
        delete: () => Promise.resolve(),
      };
      const plan = await planOf({ desired: [identity, needing] });
      calls.length = 0;
      const { failed } = await applyPlan(plan);
      assert.deepEqual([failed, seen], [[], { known: true, value: clientId }]);
      // Before the change, before the step, and whether it is done.
      assert.equal(calls.filter((one) => one === "GET").length, 3);
    });
  });
