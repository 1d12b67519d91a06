import { setTimeout as pause } from "node:timers/promises";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { publisherStatus } from "../../src/publisher/index.ts";
import type { Stage, MeasuredPublisher } from "./servers.ts";

/**
 * Milliseconds from the poll that saw a new key to the first answer that holds it, as a client sees it who asks
 * again and again: the worst of `times` keys.
 */
export async function keyVisibility(
  stage: Stage,
  root: string,
  publisher: MeasuredPublisher,
  times: number,
): Promise<number> {
  const connectTo = [parseConnectTo(`:443:127.0.0.1:${publisher.port}`)];
  const url = `${stage.issuer}/openid/v1/jwks`;
  const fetchKeys = async (): Promise<string> =>
    (await request(url, { ca: root, connectTo })).body.toString();
  let worst = 0;
  for (let round = 0; round < times; round += 1) {
    const { kid } = await stage.cluster.keys.create();
    let visible = 0;
    for (const giveUp = Date.now() + 10_000; visible === 0 && Date.now() < giveUp;) {
      if ((await fetchKeys()).includes(kid)) visible = Date.now();
      else await pause(2);
    }
    const { issuers } = await publisherStatus(publisher.stateDir);
    const seen = issuers[0]?.keys.find((key) => key.kid === kid)?.firstSeen;
    if (visible === 0 || seen === undefined) throw new Error("a new key did not become visible");
    worst = Math.max(worst, visible - seen);
  }
  return worst;
}
