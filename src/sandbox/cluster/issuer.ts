import { generateKeyPairSync } from "node:crypto";
import { discoveryUrlOf, parseIssuer } from "../../rules/oidc/index.ts";
import { publicJwk, type PublicJwk } from "../../rules/keys/index.ts";
import { authorityPem, createAuthority, issueWithKey } from "../authority/index.ts";
import type { Exchange } from "../../core/listener/index.ts";
import { closeListener, openListener } from "../listener/index.ts";
import { discoveryPath, jwksPath } from "./access.ts";
import type { ApiState } from "./api.ts";
import { issuerFaultForm } from "./forms.ts";
import { issuerDocument, type RenderedDocument } from "./documents.ts";
import type { IssuerFault, StandInIssuer } from "./types.ts";

/** Longer than AWS waits for a document. */
const slowMs = 10_000;

/** Kubernetes' cache lifetime of its documents. */
const caching = "public, max-age=3600";

interface Served {
  readonly state: ApiState;
  /** A key whose private half is discarded: published in place of a key that is gone. */
  readonly other: PublicJwk;
  fault: IssuerFault | undefined;
}

function documentAt(path: string, { state, other, fault }: Served): RenderedDocument | undefined {
  const { issuer, jwksUri } = state;
  const keys = fault === "key-gone" ? [other] : state.keys.published();
  const wrong = fault === "wrong-issuer" ? fault : undefined;
  if (path === new URL(discoveryUrlOf(issuer)).pathname)
    return issuerDocument(discoveryPath, { issuer, jwksUri, keys }, wrong);
  if (path === new URL(jwksUri).pathname) return issuerDocument(jwksPath, { issuer, jwksUri, keys }, wrong);
  return undefined;
}

function answer({ incoming, outgoing, over }: Exchange, served: Served): void {
  const found = documentAt((incoming.url ?? "/").split("?", 1)[0] ?? "/", served);
  const send = (): void => {
    if (found === undefined || served.fault === "not-found") {
      outgoing.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
      outgoing.end("404 page not found\n");
      return;
    }
    outgoing.writeHead(200, { "content-type": found.type, "cache-control": caching });
    outgoing.end(found.body);
  };
  if (served.fault !== "slow") return send();
  const timer = setTimeout(send, slowMs);
  over.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/**
 * Serves a cluster's two documents as a publisher would: to any client, over TLS, under the issuer's own name and a
 * root of its own. It listens on loopback.
 */
export async function serveIssuer(state: ApiState): Promise<StandInIssuer> {
  const { url, host } = parseIssuer(state.issuer);
  const name = host.toLowerCase();
  const authority = await createAuthority("podtrust stand-in issuer's root");
  const tls = await issueWithKey(authority, { commonName: name, names: [name], usage: "server" });
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const served: Served = { state, other: publicJwk(publicKey), fault: undefined };
  const listener = await openListener({
    address: "127.0.0.1",
    port: 0,
    tls: { cert: tls.certificate, key: tls.key },
    onExchange: (exchange) => answer(exchange, served),
  });
  const close = (): Promise<void> => closeListener(listener);
  return {
    url,
    ca: authorityPem(authority),
    connectTo: [{ host: name, port: 443, address: "127.0.0.1", toPort: listener.port }],
    fail(fault) {
      if (fault !== undefined) issuerFaultForm(fault, "fail: the fault");
      served.fault = fault;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
