import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { startStandInCluster } from "@podtrust/sandbox";

// The part of the Kubernetes API that mints tokens and shows keys; kubectl finds it by cluster.kubeconfig().
await using cluster = await startStandInCluster({ issuer: "https://oidc.example.test" });
const token = cluster.createToken({ namespace: "shop", name: "cart", audiences: ["sts.amazonaws.com"] });
const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
const claims = JSON.parse(payload) as { sub: string };
assert.equal(claims.sub, "system:serviceaccount:shop:cart");

// Its two documents as a relying party reads them: over TLS, under the issuer's own name.
await using issuer = await cluster.serveIssuer();
const asked = request({
  host: "127.0.0.1",
  port: issuer.connectTo[0]?.toPort,
  servername: "oidc.example.test",
  ca: issuer.ca,
  path: "/.well-known/openid-configuration",
  agent: false,
});
asked.end();
const [answer] = (await once(asked, "response")) as [IncomingMessage];
const discovery = (await json(answer)) as { issuer: string };
assert.equal(discovery.issuer, "https://oidc.example.test");
