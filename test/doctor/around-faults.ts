import { createServer } from "node:http";
import { publicJwk } from "../../src/rules/keys/index.ts";
import { testHierarchy } from "../support/certificates.ts";
import { freePort } from "../support/free-port.ts";
import { ecKey } from "../support/sandbox.ts";
import { both, dated, day, type Fault, xml } from "./fault.ts";
import { discoveryWith, host, key, page, paths, type DoctorWorld } from "./world.ts";

const one = "192.0.2.1";

/** A name with these CAA records, by a name at or above it. */
const withCaa =
  (records: Parameters<DoctorWorld["dns"]>[0] & object): Fault =>
  async (world) => {
    await world.dns({ [`A ${host}`]: [one], ...records });
    await world.start({}, one);
  };

/** Faults of CAA records, which a CA reads before it renews. */
export const caaFaults = {
  CaaForbids: async (world) => {
    await world.dns({ [`A ${host}`]: [one], "CAA example.test": ['0 issue "ca.example.org"'] });
    const hierarchy = await testHierarchy(Date.now(), "Let's Encrypt");
    world.trust(hierarchy.root);
    await world.start({ certificate: await hierarchy.chain([host]) }, one);
  },
  CaaMisspelt: withCaa({ [`CAA ${host}`]: [`0 issue "Let's Encrypt Authority X3"`] }),
  CaaUnanswered: withCaa({ "CAA example.test": "failed" }),
  CaaCritical: withCaa({ [`CAA ${host}`]: ['128 issuer "letsencrypt.org"'] }),
} satisfies Record<string, Fault>;

/** Faults of port 80, where the certificate should have been renewed. */
export const challengeFaults = {
  ChallengePortClosed: async (world) => {
    await dated(-85 * day, 5 * day)(world);
    world.lead(host, await freePort(), 80);
  },
  ChallengeSwallowed: async (world) => {
    await dated(-85 * day, 5 * day)(world);
    const server = createServer((_request, response) => {
      response.writeHead(302, { location: "https://login.example.test/" }).end();
    });
    await world.listen(server, host, 80);
  },
} satisfies Record<string, Fault>;

/** Faults that show in what stands beside the documents. */
export const aroundFaults = {
  CacheStale: async (world) => {
    const server = await world.start();
    const other = ecKey("other");
    server.pages.set(paths.jwks, (request, response) => {
      const isFresh = request.url?.includes("?") === true;
      const keys = [isFresh ? publicJwk(other.privateKey, other.kid) : key.jwk];
      const age: Record<string, string> = isFresh ? {} : { age: "120" };
      response.writeHead(200, { "content-type": "application/json", ...age }).end(JSON.stringify({ keys }));
    });
  },
  DocumentElsewhere: async (world) => {
    const server = await world.start();
    page(server, "discovery", { status: 404, body: "not found" });
    server.pages.set("/.well-known/oauth-authorization-server", { body: discoveryWith({}) });
  },
  ProviderIncident: both({ status: 503, headers: { server: "AmazonS3" }, body: xml("InternalError") }),
  LocalVantage: async (world) => {
    world.issuer = "https://localhost";
    await world.dns({ "A localhost": [one] });
    await world.start({ host: "localhost" }, "127.0.0.1");
    world.lead("::1", await freePort());
    world.lead(one, await freePort());
  },
} satisfies Record<string, Fault>;
