/** What Google's and Azure's APIs are asked, and what each of their rows says of it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { type ApiCall, ApiClient, type ApiVendor, askTokenService } from "../../src/core/http/index.ts";
import { azure } from "../../src/providers/azure/vendor.ts";
import { google } from "../../src/providers/gcp/vendor.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const { signal } = new AbortController();
const what = "asking";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback, and the requests that came, as `METHOD path authorization`. */
class Recorder {
  readonly came: string[] = [];
  answer: Answer = (_request, response) => response.end("{}");
  readonly #server: Server = createServer((request, response) => {
    this.came.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    this.answer(request, response);
  });

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

const api = new Recorder();
const elsewhere = new Recorder();

function clientOf(vendor: ApiVendor, clock = new SwiftClock()): ApiClient {
  let given = 0;
  const tokens = {
    get: () => Promise.resolve(`token-${given}`),
    forget: () => void (given += 1),
  };
  return new ApiClient({ vendor, endpoint: api.url, tokens, clock });
}

const refusing =
  (status: number, headers: Readonly<Record<string, string>> = {}, body: object = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, headers).end(JSON.stringify(body));

interface Row {
  readonly vendor: ApiVendor;
  readonly prefix: string;
  /** Requests that change nothing. */
  readonly repeated: readonly (readonly [ApiCall["method"], path: string])[];
  readonly sentOnce: readonly (readonly [ApiCall["method"], path: string])[];
  /** The first page of a list whose next one is said to be elsewhere, or has a mark that could lead there. */
  readonly page: (away: string) => object;
  /** The beginning of the request for the next page, as a pattern. */
  readonly nextPage: string;
  /** The longest wait that it may ask for, in milliseconds. */
  readonly maxPause: number;
}

const rows: readonly Row[] = [
  {
    vendor: google,
    prefix: "gcp",
    repeated: [
      ["GET", "/v1/pools"],
      ["POST", "/v1/accounts/web:getIamPolicy"],
    ],
    sentOnce: [
      ["POST", "/v1/pools"],
      ["POST", "/v1/accounts/web:setIamPolicy"],
      ["PATCH", "/v1/accounts/web:getIamPolicy"],
      ["DELETE", "/v1/pools/prod"],
    ],
    page: (away) => ({ value: ["a"], nextPageToken: `${away}/` }),
    nextPage: "/list[?]pageToken=",
    maxPause: 60_000,
  },
  {
    vendor: azure,
    prefix: "azure",
    repeated: [["GET", "/identities"]],
    sentOnce: [
      ["POST", "/identities"],
      ["POST", "/identities/web:getIamPolicy"],
      ["PUT", "/identities/web"],
      ["PATCH", "/identities/web"],
      ["DELETE", "/identities/web"],
    ],
    page: (away) => ({ value: ["a"], nextLink: `${away}/list?$skiptoken=second` }),
    nextPage: "/list[?]%24skiptoken=second ",
    maxPause: 120_000,
  },
];

describe("Google's and Azure's APIs", () => {
  before(async () => {
    await api.listen();
    await elsewhere.listen();
  });
  beforeEach(() => {
    for (const one of [api, elsewhere]) one.came.length = 0;
    api.answer = (_request, response) => response.end("{}");
  });
  after(async () => {
    await api.close();
    await elsewhere.close();
  });

  for (const { vendor, prefix, repeated, sentOnce, page, nextPage, maxPause } of rows)
    describe(`the API of ${vendor.title}`, () => {
      test("gets its token, and no path leads that to another host", async () => {
        const client = clientOf(vendor);
        await client.read({ method: "GET", path: "/list", what }, signal);
        assert.deepEqual(api.came, ["GET /list Bearer token-0"]);
        const away = `@127.0.0.1:${elsewhere.port}/list`;
        for (const path of [away, ".example.com/list", "0/list"])
          await assert.rejects(client.read({ method: "GET", path, what }, signal), TypeError);
        assert.deepEqual([api.came.length, elsewhere.came], [1, []]);
      });

      test("is asked for the next page of a list, wherever the answer says that this is", async () => {
        api.answer = ({ url }, response) => {
          const first = page(elsewhere.url);
          response.end(JSON.stringify(url?.includes("oken") === true ? { value: ["b"] } : first));
        };
        const found = await clientOf(vendor).list({ method: "GET", path: "/list", what }, "value", signal);
        assert.deepEqual(found, ["a", "b"]);
        assert.match(api.came[1] ?? "", new RegExp(`^GET ${nextPage}`, "u"));
        assert.deepEqual(elsewhere.came, []);
      });

      test("is not followed to where a redirect leads, which is a refusal", async () => {
        for (const status of [301, 302, 303, 307, 308]) {
          api.came.length = 0;
          api.answer = refusing(status, { location: `${elsewhere.url}/list` });
          const client = clientOf(vendor);
          for (const method of ["GET", "POST"] as const)
            await assert.rejects(client.read({ method, path: "/list", what }, signal), { status });
          assert.deepEqual([api.came.length, elsewhere.came], [2, []]);
        }
      });

      const lost: readonly (readonly [how: string, code: string, answer: Answer])[] = [
        ["failed", "unavailable", refusing(503)],
        ["gave no answer", "unreachable", ({ socket }) => socket.destroy()],
      ];
      for (const [how, code, answer] of lost) {
        test(`that ${how} is asked again for what changes nothing`, async () => {
          for (const [method, path] of repeated) {
            api.came.length = 0;
            api.answer = answer;
            const read = clientOf(vendor).read({ method, path, what }, signal);
            await assert.rejects(read, { code: `${prefix}-${code}` });
            assert.ok(api.came.length > 3, `${method} ${path}: ${api.came.length} requests`);
          }
        });

        test(`that ${how} is sent once what may have been done, however it is asked`, async () => {
          for (const [method, path] of sentOnce) {
            api.came.length = 0;
            api.answer = answer;
            const client = clientOf(vendor);
            await assert.rejects(client.write({ method, path, what }, signal, () => {}));
            await assert.rejects(client.read({ method, path, what }, signal));
            assert.deepEqual(api.came.length, 2, `${method} ${path}`);
          }
        });
      }

      test("that takes no more requests is waited for as it says, up to its bound, since nothing was done", async () => {
        for (const [said, waited] of [
          ["7", 7000],
          ["100000", maxPause],
        ] as const) {
          api.came.length = 0;
          const clock = new SwiftClock();
          api.answer = (request, response) =>
            (api.came.length === 1 ? refusing(429, { "retry-after": said }) : refusing(200))(
              request,
              response,
            );
          await clientOf(vendor, clock).write({ method: "POST", path: "/list", what }, signal, () => {});
          assert.equal(api.came.length, 2);
          assert.equal(Math.max(...clock.waits), waited);
        }
      });

      test("that refuses a token is asked once more, with another one", async () => {
        api.answer = refusing(401);
        const write = clientOf(vendor).write({ method: "POST", path: "/list", what }, signal, () => {});
        await assert.rejects(write, { status: 401 });
        assert.deepEqual(api.came, ["POST /list Bearer token-0", "POST /list Bearer token-1"]);
      });
    });

  for (const { vendor, prefix } of rows)
    describe(`the token service of ${vendor.title}`, () => {
      const secret = "secret-of-a-test";
      const ask = (clock = new SwiftClock()): Promise<unknown> => {
        const grant = {
          what: "a token",
          url: `${api.url}/token`,
          body: `secret=${secret}`,
          secrets: [secret],
        };
        return askTokenService(vendor, grant, clock, signal);
      };

      test("is not followed to where a redirect leads, which would get the secret", async () => {
        api.answer = refusing(307, { location: `${elsewhere.url}/token` });
        await assert.rejects(ask(), { code: `${prefix}-credentials-refused` });
        assert.deepEqual([api.came.length, elsewhere.came], [1, []]);
      });

      test("that fails, or takes no more requests, is asked again, and that refuses is not", async () => {
        for (const [status, code] of [
          [429, "unavailable"],
          [503, "unavailable"],
          [400, "credentials-refused"],
        ] as const) {
          api.came.length = 0;
          api.answer = refusing(status, {}, { error: "invalid_client" });
          await assert.rejects(ask(), { code: `${prefix}-${code}` });
          assert.equal(api.came.length > 1, code === "unavailable", String(status));
        }
      });

      test("is quoted in an error without what it was sent, in its two texts of OAuth", async () => {
        api.answer = refusing(400, {}, { error: "invalid_client", error_description: `is wrong: ${secret}` });
        await assert.rejects(ask(), {
          message: `${vendor.tokenService} refused a token: invalid_client: is wrong: …`,
          detail: { status: 400, code: "invalid_client", message: "is wrong: …" },
        });
      });
    });

  test("a list without entries is left out by Google, and not by Azure", async () => {
    const listed = (vendor: ApiVendor): Promise<readonly unknown[]> =>
      clientOf(vendor).list({ method: "GET", path: "/list", what }, "value", signal);
    assert.deepEqual(await listed(google), []);
    await assert.rejects(listed(azure), { code: "azure-answer-invalid" });
  });

  test("an empty answer is one of Azure's, and none of Google's", async () => {
    api.answer = (_request, response) => response.end();
    const deleted = (vendor: ApiVendor): Promise<object> =>
      clientOf(vendor).write({ method: "DELETE", path: "/one", what }, signal, () => {});
    assert.deepEqual(await deleted(azure), {});
    await assert.rejects(deleted(google), { code: "gcp-answer-invalid" });
  });
});
