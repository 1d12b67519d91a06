import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";

/** A request, by default one that changes something. */
export interface RecordedWrite {
  /** `aws POST /?Action=CreateRole`: the way, the method, the path. */
  readonly line: string;
  readonly body: unknown;
}

/** What was sent, as a golden file has it. */
export function readBody(text: string, type: string): unknown {
  if (text === "") return undefined;
  if (type.includes("json")) return JSON.parse(text) as unknown;
  if (type.includes("form")) return Object.fromEntries(new URLSearchParams(text));
  // XML, tag by tag.
  return text.split(/(?<=>)(?=<)/u);
}

const reading = /^(?:Get|List|Assume|Simulate|Describe)/u;

function isWrite(method: string, path: string, body: unknown): boolean {
  if (method === "GET" || method === "HEAD") return false;
  // AWS's Query protocol asks everything by POST, and has its action in the form.
  const action = (body as { readonly Action?: string } | undefined)?.Action ?? "";
  // Token services, and Google's questions that are asked by POST.
  return !reading.test(action) && !/token|:(?:getIamPolicy|testIamPermissions)$/iu.test(path);
}

/** Ways to vendors over plain HTTP on which each request that changes something is written down. */
export class Recording {
  readonly #writes: RecordedWrite[] = [];
  readonly #t: TestContext;
  readonly #reads: boolean;

  /** `reads`: each request that changes nothing is written down as well. */
  constructor(t: TestContext, { reads = false } = {}) {
    this.#t = t;
    this.#reads = reads;
  }

  /** Requests since it was asked last. */
  take(): readonly RecordedWrite[] {
    return this.#writes.splice(0);
  }

  /** The address that leads to a vendor's, which has the same path; ends with the test. */
  async before(name: string, upstream: string): Promise<string> {
    const { hostname, port, pathname } = new URL(upstream);
    const server = createServer((incoming, response) => {
      this.#pass(name, { hostname, port }, incoming, response).catch(() => void response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return pathname === "/" ? own : own + pathname;
  }

  /** The same for each address of an environment. */
  async environment(name: string, env: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const own = { ...env };
    for (const [variable, value] of Object.entries(env))
      if (value.startsWith("http://")) own[variable] = await this.before(name, value);
    return own;
  }

  async #pass(
    name: string,
    to: { readonly hostname: string; readonly port: string },
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const sent = await buffer(incoming);
    const { method = "GET", url: path = "/", headers } = incoming;
    const body = readBody(sent.toString("utf8"), headers["content-type"] ?? "");
    if (this.#reads || isWrite(method, path.replace(/\?.*$/u, ""), body))
      this.#writes.push({ line: `${name} ${method} ${decodeURIComponent(path)}`, body });
    // With the Host that the client has signed.
    const onward = request({ ...to, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => void response.destroy());
    onward.end(sent);
  }
}
