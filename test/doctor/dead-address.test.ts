/** One address of two that does not serve the issuer: the cause is the address, whichever of the two was read first. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServedPage } from "../support/issuer-server.ts";
import { day } from "./fault.ts";
import { host, newWorld, page, type DoctorWorld } from "./world.ts";

const two = ["192.0.2.1", "192.0.2.2"];

/** Both documents of one server are answered like this. */
const answering =
  (change: ServedPage) =>
  async (world: DoctorWorld, address: string): Promise<void> => {
    const server = await world.start({}, address);
    for (const document of ["discovery", "jwks"] as const) page(server, document, change);
  };

async function expired(world: DoctorWorld, address: string): Promise<void> {
  const dates = { notBefore: new Date(Date.now() - 9 * day), notAfter: new Date(Date.now() - day) };
  await world.start({ certificate: await world.authority.issue([host], dates) }, address);
}

/** The reasons of all that is broken, where an address is served so and the other as it has to be. */
async function brokenAt(
  address: string,
  start: (world: DoctorWorld, address: string) => Promise<void>,
): Promise<readonly string[]> {
  const world = await newWorld();
  try {
    await world.dns({ [`A ${host}`]: two });
    for (const one of two) await (one === address ? start(world, one) : world.start({}, one));
    const { findings } = await world.examine();
    return findings.filter(({ verdict }) => verdict === "broken").map(({ reason }) => reason);
  } finally {
    await world.close();
  }
}

describe("one address of two", () => {
  for (const [what, start] of [
    ["answers 503", answering({ status: 503 })],
    ["answers 404", answering({ status: 404 })],
    ["asks for a login", answering({ status: 401 })],
    ["has a certificate that has expired", expired],
  ] as const)
    test(`that ${what} is told as dead and as nothing else, whether it is read first or last`, async () => {
      for (const address of two) assert.deepEqual(await brokenAt(address, start), ["AddressDead"]);
    });

  test("that asks to come more slowly is not told as dead", async () => {
    for (const address of two)
      assert.ok(!(await brokenAt(address, answering({ status: 429 }))).includes("AddressDead"));
  });
});
