import type { TLSSocket } from "node:tls";
import { type Attack, type AttackContext, count, drip, keepOpen, tcp, tls } from "../attacks/attack.ts";
import { largeReview, namelessReview } from "./reviews.ts";

/** Keeps so many connections open in all. */
type Sized = (connections: number) => Attack;

const each = (context: AttackContext, connections: number): number =>
  Math.ceil(connections / context.addresses.length);

const head = (length: number): string =>
  `POST /inject HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

const overTls =
  (begun: (socket: TLSSocket, context: AttackContext) => void): Sized =>
  (connections) =>
  (context) =>
    keepOpen(context, each(context, connections), (address) =>
      tls(context, address, "http/1.1", (socket) => begun(socket, context)),
    );

/** Asks the same again and again, as fast as it is answered. */
const asking = (review: () => string): Sized =>
  overTls((socket, context) => {
    const ask = (): void => {
      const body = review();
      socket.write(head(Buffer.byteLength(body)) + body);
    };
    socket.on("data", (part: Buffer) => {
      if (!part.includes("HTTP/1.1 ")) return;
      count(context, "answers");
      ask();
    });
    ask();
  });

const claimed = 3 * 1024 * 1024;
const numbers = `[${"1,".repeat(claimed / 2 - 8)}1]`;
const containers = largeReview(60_000);
const largest = largeReview(1000, claimed - 65_536);

/** What any pod may do to the webhook, by what a report calls it. */
export const onWebhook = {
  "bodies that are announced and do not come": overTls((socket) => socket.write(head(claimed))),
  "bodies a byte at a time": overTls((socket) => {
    socket.write(head(claimed));
    drip(socket, 200, () => " ");
  }),
  "bodies without their last byte": overTls((socket) => {
    socket.write(head(claimed));
    socket.write(Buffer.alloc(claimed - 1, " "));
  }),
  "handshakes, then silence": overTls(() => {}),
  "half a head": overTls((socket) => socket.write("POST /inject HT")),
  "three megabytes of numbers": asking(() => numbers),
  "60,000 containers": asking(() => containers),
  "three megabytes for ServiceAccounts that are not there": asking(() => largest),
  "ServiceAccounts that are not there": asking(namelessReview),
} as const satisfies Readonly<Record<string, Sized>>;

const plain =
  (text: string): Sized =>
  (connections) =>
  (context) =>
    keepOpen(context, each(context, connections), (address) => {
      const socket = tcp(context, address);
      if (text !== "") socket.once("connect", () => socket.write(text));
      return socket;
    });

/** What any pod may do to the ports of probes, metrics and status. */
export const onProbes = {
  "half a request": plain("GET /readyz HT"),
  "connections without a byte": plain(""),
} as const satisfies Readonly<Record<string, Sized>>;

export const listenerAttacks: Readonly<Record<string, Sized>> = { ...onWebhook, ...onProbes };
