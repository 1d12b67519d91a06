import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { startChallengeListeners } from "../../../test/support/challenge-listeners.ts";
import { solverContract } from "../../../test/support/solver-contract.ts";
import { dns01Solver, http01Solver, type PresentedChallenge, type TxtRecords } from "./index.ts";
import { dnsDigest } from "./solver.ts";
import { acmeIdentifierValue, challengeCertificate, validationName } from "./tls-alpn-01.ts";

solverContract("http-01", () => {
  const solver = http01Solver();
  return {
    solver,
    answered: ({ token, keyAuthorization }) => Promise.resolve(solver.http01(token) === keyAuthorization),
  };
});

/** A zone that keeps to the contract of TxtRecords. */
function zone(): { provider: TxtRecords; records: Map<string, Set<string>> } {
  const records = new Map<string, Set<string>>();
  const provider: TxtRecords = {
    setTxt(name, value) {
      records.set(name, (records.get(name) ?? new Set()).add(value));
      return Promise.resolve();
    },
    clearTxt(name, value) {
      records.get(name)?.delete(value);
      return Promise.resolve();
    },
  };
  return { provider, records };
}

solverContract("dns-01", () => {
  const { provider, records } = zone();
  return {
    solver: dns01Solver({ records: provider }),
    answered: ({ identifier, keyAuthorization }) =>
      Promise.resolve(
        records.get(`_acme-challenge.${identifier.value}`)?.has(dnsDigest(keyAuthorization)) === true,
      ),
  };
});

/** What a validator of TLS-ALPN-01 sees, or undefined when it is refused. */
async function shown(port: number, servername: string): Promise<X509Certificate | undefined> {
  const socket: TLSSocket = connect({
    host: "127.0.0.1",
    port,
    servername,
    ALPNProtocols: ["acme-tls/1"],
    rejectUnauthorized: false,
  });
  try {
    await once(socket, "secureConnect");
    return new X509Certificate(socket.getPeerCertificate().raw);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

const listeners = await startChallengeListeners();
solverContract("tls-alpn-01, over node:tls", () => ({
  solver: listeners.tlsAlpn01,
  async answered({ identifier, keyAuthorization }) {
    const certificate = await shown(listeners.tlsPort, identifier.value);
    return certificate?.raw.includes(acmeIdentifierValue(keyAuthorization)) === true;
  },
}));

const presented: PresentedChallenge = {
  type: "tls-alpn-01",
  identifier: { type: "dns", value: "c.example" },
  wildcard: false,
  token: "token",
  keyAuthorization: "token.thumbprint",
};

describe("the solvers of challenges", () => {
  test("a listener shows its own certificate to all clients but validators, also while a challenge is presented", async () => {
    await listeners.tlsAlpn01.present(presented);
    try {
      const ordinary = connect({
        host: "127.0.0.1",
        port: listeners.tlsPort,
        servername: "c.example",
        ALPNProtocols: ["http/1.1"],
        rejectUnauthorized: false,
      });
      await once(ordinary, "secureConnect");
      assert.equal(ordinary.alpnProtocol, "http/1.1");
      assert.match(new X509Certificate(ordinary.getPeerCertificate().raw).subject, /ordinary\.test/u);
      ordinary.destroy();
      assert.match((await shown(listeners.tlsPort, "C.EXAMPLE"))?.subjectAltName ?? "", /^DNS:c\.example$/u);
      assert.equal(await shown(listeners.tlsPort, "other.example"), undefined);
    } finally {
      await listeners.tlsAlpn01.cleanup(presented);
      await listeners.close();
    }
  });

  test("a challenge's certificate is self-signed, for that name alone", async () => {
    const { certificate, key } = await challengeCertificate(presented.identifier, "token.thumbprint");
    const parsed = new X509Certificate(certificate);
    assert.equal(parsed.subjectAltName, "DNS:c.example");
    assert.ok(parsed.verify(parsed.publicKey));
    assert.match(key, /^-----BEGIN PRIVATE KEY-----/u);
  });

  test("addresses are named in SNI by their reverse names (RFC 8738 §6)", () => {
    assert.equal(validationName({ type: "ip", value: "192.0.2.1" }), "1.2.0.192.in-addr.arpa");
    assert.equal(
      validationName({ type: "ip", value: "2001:db8::1" }),
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
    );
    assert.equal(validationName({ type: "dns", value: "A.example" }), "a.example");
  });

  test("dns-01 waits for propagation, and a record that never arrives is taken back", async () => {
    const { provider, records } = zone();
    const seen: string[] = [];
    const patient = dns01Solver({
      records: provider,
      waitForPropagation: (name, value) => {
        seen.push(`${name} ${value}`);
        return Promise.resolve();
      },
    });
    await patient.present(presented);
    assert.deepEqual(seen, [`_acme-challenge.c.example ${dnsDigest("token.thumbprint")}`]);
    await patient.cleanup(presented);
    const hopeless = dns01Solver({
      records: provider,
      waitForPropagation: () => Promise.reject(new Error("never seen")),
    });
    await assert.rejects(hopeless.present(presented), /never seen/u);
    assert.equal(records.get("_acme-challenge.c.example")?.size, 0);
  });
});
