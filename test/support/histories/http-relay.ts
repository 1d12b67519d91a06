import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { CallFate, Vendor, VendorCall } from "./vendor.ts";

/** What a relay asks about the calls that come to it. */
interface RelayedCalls {
  /** What a request changes; undefined for one that changes nothing. */
  readonly callOf: (method: string, path: string) => VendorCall | undefined;
  /** How the vendor refuses who lacks a right. */
  readonly refusal: object;
  readonly of: () => Pick<Vendor, "onCall" | "onDone">;
}

/** Stands before a vendor's plain HTTP address on loopback, and gives each call of the operator its fate. */
export class HttpRelay {
  readonly #to: string;
  readonly #calls: RelayedCalls;
  #late: (() => Promise<void>)[] = [];
  /** Calls whose client may have gone away meanwhile. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #server = createServer((request, response) => {
    const served = this.#serve(request, response).catch(() => void response.destroy());
    this.#underWay.add(served);
    void served.finally(() => this.#underWay.delete(served));
  });

  constructor(to: string, calls: RelayedCalls) {
    this.#to = to;
    this.#calls = calls;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits for what is under way, and does what is late. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
    for (const one of this.#late.splice(0)) await one();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method = "GET", url = "/" } = request;
    const send = (status: number, text: string): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(text);
    };
    const forward = async (): Promise<readonly [number, string]> => {
      const { authorization = "", "content-type": type = "" } = request.headers;
      const headers = { authorization, "content-type": type };
      const answer = await fetch(`${this.#to}${url}`, {
        method,
        headers,
        ...(method === "GET" ? {} : { body }),
      });
      return [answer.status, await answer.text()];
    };
    const call = this.#calls.callOf(method, decodeURIComponent(url));
    if (call === undefined) return send(...(await forward()));
    const { onCall, onDone } = this.#calls.of();
    const fate: CallFate = await onCall(call);
    if (fate === "refused") return send(403, JSON.stringify(this.#calls.refusal));
    if (fate === "throttled") return send(429, JSON.stringify(this.#calls.refusal));
    const done = async (): Promise<readonly [number, string]> => {
      const answer = await forward();
      await onDone(call);
      return answer;
    };
    if (fate === "late") this.#late.push(() => done().then(() => {}));
    else {
      const answer = await done();
      if (fate === "done") return send(...answer);
    }
    request.socket.destroy();
  }
}
