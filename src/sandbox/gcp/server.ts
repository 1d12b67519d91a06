import type { ServerResponse } from "node:http";
import { BodyRefused, type Exchange } from "../../core/listener/index.ts";
import { type AnsweringServer, openAnsweringServer } from "../listener/index.ts";
import { answerCall, type Answering } from "./answer.ts";
import type { ApiReply } from "./call.ts";
import { GoogleRefusal, notFound, refusal } from "./refusal.ts";

interface ServerOptions extends Answering {
  readonly listen: string;
  readonly port: number;
}

/** The largest accepted body, in bytes: a JWK Set of eight keys and a policy of 1,500 members are far below. */
const maxBody = 512 * 1024;

/** Answers one exchange; a refused body is no decision, since the request was not read. */
async function replyTo(exchange: Exchange, answering: Answering, signal: AbortSignal): Promise<ApiReply> {
  const { incoming } = exchange;
  const url = URL.parse(incoming.url ?? "/", "http://stand-in.invalid");
  try {
    const body = await exchange.readBody(maxBody);
    if (url === null) throw notFound("such path");
    const headers = Object.fromEntries(
      Object.entries(incoming.headersDistinct).map(([name, values]) => [name, values?.join(", ")]),
    );
    return await answerCall({ method: incoming.method ?? "GET", url, headers, body, signal }, answering);
  } catch (thrown) {
    if (thrown instanceof GoogleRefusal) return thrown;
    if (!(thrown instanceof BodyRefused)) throw thrown;
    return refusal("INVALID_ARGUMENT", thrown.message);
  }
}

function send(outgoing: ServerResponse, { status, body }: ApiReply, date: number): void {
  const text = JSON.stringify(body);
  outgoing.writeHead(status, {
    "content-type": "application/json; charset=UTF-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    date: new Date(date).toUTCString(),
    "x-podtrust": "stand-in Google Cloud",
  });
  outgoing.end(text);
}

/** The one HTTP port of the stand-in: IAM, STS, IAM Credentials, Secret Manager and the project's own policy. */
export function openServer(options: ServerOptions): Promise<AnsweringServer> {
  return openAnsweringServer({
    address: options.listen,
    port: options.port,
    answer: async (exchange, signal) =>
      send(exchange.outgoing, await replyTo(exchange, options, signal), options.project.clock.now()),
  });
}
