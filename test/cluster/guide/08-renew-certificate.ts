import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { request } from "../../../src/core/http/index.ts";
import { maxWait } from "../../support/until.ts";
import { lookAtResident, untilResident } from "./resident.ts";
import type { Guide } from "./world.ts";

/** One connection that stays, over which the keys are asked for again and again. */
class PersistentConnection {
  readonly #socket: TLSSocket;
  readonly #host: string;
  #ended = false;
  answered = 0;

  private constructor(socket: TLSSocket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on("close", () => (this.#ended = true));
  }

  static async open(guide: Guide): Promise<PersistentConnection> {
    const { host, ports } = guide;
    const ca = guide.the("pebble").root;
    const socket = connect({
      port: ports.https,
      host: "127.0.0.1",
      servername: host,
      ca,
      ALPNProtocols: ["http/1.1"],
    });
    await once(socket, "secureConnect");
    socket.setEncoding("utf8");
    return new PersistentConnection(socket, host);
  }

  async ask(): Promise<void> {
    assert.ok(!this.#ended, "the publisher dropped the connection");
    this.#socket.write(`GET /openid/v1/jwks HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`);
    let text = "";
    while (!/\r\n\r\n[^]*\]\}\s*$/u.test(text))
      text += ((await once(this.#socket, "data", { signal: AbortSignal.timeout(maxWait) })) as [string])[0];
    assert.match(text, /^HTTP\/1\.1 200 /u);
    this.answered += 1;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The certificate that a new connection is shown, by its fingerprint. */
async function shown(guide: Guide): Promise<string> {
  const { issuer, connectTo } = guide;
  const answer = await request(`${issuer}/openid/v1/jwks`, { ca: guide.the("pebble").root, connectTo });
  return answer.tls?.chain[0]?.sha256 ?? "";
}

/** A renewal, while pod and checker go on asking: no token is refused, no connection dropped. */
export async function step(guide: Guide): Promise<void> {
  const held = await PersistentConnection.open(guide);
  try {
    const before = await shown(guide);
    let after = before;
    await guide.until("another certificate", async () => {
      await held.ask();
      after = await shown(guide);
      return after !== before;
    });
    for (let times = 0; times < 5; times += 1) await held.ask();
    assert.ok(held.answered >= 6);
  } finally {
    held.close();
  }
  const live = guide.the("live");
  // AWS keeps no copy for longer than two seconds here, so these questions went through the new certificate.
  const [asked, resident] = [live.asked, await lookAtResident(guide)];
  await guide.until("the checker's next questions", async () => live.asked > asked + 15);
  await untilResident(guide, "the pod's next questions", (now) => now.asked > resident.asked);
  await live.stop();
  assert.deepEqual(live.refusals, []);
  assert.deepEqual((await lookAtResident(guide)).refusals, []);
}
