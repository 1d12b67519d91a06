import { createHash, timingSafeEqual, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { errorText, PodtrustError } from "../../core/base/index.ts";
import { type ConnectTo, connectTarget, request } from "../../core/http/index.ts";
import { alternativeNamesOf, certificateExtension, octetString } from "../../core/x509/index.ts";
import type { Challenge, ChallengeType } from "./model.ts";
import { Problem } from "./problem.ts";

/** How the CA connects for validation. */
export interface Reach {
  readonly connectTo: readonly ConnectTo[];
  readonly resolveTxt: ((name: string) => Promise<readonly string[]>) | undefined;
}

type Validate = (challenge: Challenge, keyAuthorization: string, reach: Reach) => Promise<void>;

const timeoutMs = 5000;
// id-pe-acmeIdentifier, RFC 8737 §3.
const acmeIdentifier = "1.3.6.1.5.5.7.1.31";
const acmeProtocol = "acme-tls/1";

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function wrong(detail: string): Problem {
  return new Problem("unauthorized", detail, 403);
}

function unreachable(error: unknown): Problem {
  const dns = error instanceof PodtrustError && error.detail["reason"] === "dns";
  return new Problem(dns ? "dns" : "connection", errorText(error));
}

/** RFC 8555 §8.3. Redirects are not followed. */
const http01: Validate = async ({ token, authorization }, expected, { connectTo }) => {
  const url = `http://${authorization.name}/.well-known/acme-challenge/${token}`;
  const options = { connectTo, allowPlainHttp: true, timeoutMs, maxBytes: 4096 };
  const { status, body } = await request(url, options).catch((error: unknown) => {
    throw unreachable(error);
  });
  if (status !== 200) throw wrong(`${url} answered ${status}`);
  if (body.toString("utf8").trimEnd() !== expected) {
    throw new Problem("incorrectResponse", `${url} does not hold the key authorization`, 403);
  }
};

function holdsDigest(certificate: X509Certificate, expected: string): boolean {
  const { critical = false, value = Buffer.of() } = certificateExtension(certificate, acmeIdentifier) ?? {};
  // RFC 8737 §3: critical, and its value an OCTET STRING of the digest.
  const wanted = octetString(sha256(expected));
  return critical && value.length === wanted.length && timingSafeEqual(value, wanted);
}

function checkAlpnCertificate(name: string, der: Buffer, expected: string): void {
  const certificate = new X509Certificate(der);
  const names = alternativeNamesOf(certificate);
  const [only] = names;
  if (names.length !== 1 || only?.type !== "dns" || only.value.toLowerCase() !== name) {
    throw wrong(`the certificate for ${acmeProtocol} is not for ${name} alone`);
  }
  if (!holdsDigest(certificate, expected)) {
    throw wrong(`the certificate for ${acmeProtocol} lacks the digest of the key authorization`);
  }
}

/** RFC 8737. */
const tlsAlpn01: Validate = async ({ authorization }, expected, { connectTo }) => {
  const { name } = authorization;
  const target = connectTarget(connectTo, name, 443);
  const socket: TLSSocket = connect({
    ...target,
    servername: name,
    ALPNProtocols: [acmeProtocol],
    // The certificate is self-signed by definition; its required content is checked below.
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
  });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(timeoutMs) });
    if (socket.alpnProtocol !== acmeProtocol) throw wrong(`${name}:443 does not speak ${acmeProtocol}`);
    checkAlpnCertificate(name, socket.getPeerCertificate().raw, expected);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("tls", `${name}:443: ${errorText(error)}`);
  } finally {
    socket.destroy();
  }
};

/** RFC 8555 §8.4. */
const dns01: Validate = async ({ authorization }, expected, { resolveTxt }) => {
  const record = `_acme-challenge.${authorization.name}`;
  const values = await (resolveTxt?.(record) ?? Promise.resolve([])).catch((error: unknown) => {
    throw new Problem("dns", `${record}: ${errorText(error)}`);
  });
  if (!values.includes(sha256(expected).toString("base64url"))) {
    throw wrong(`no TXT record of ${record} holds the digest of the key authorization`);
  }
};

const validators: Readonly<Record<ChallengeType, Validate>> = {
  "http-01": http01,
  "tls-alpn-01": tlsAlpn01,
  "dns-01": dns01,
};

/** Validates control of the name; throws Problem if the answer is not the account's key authorization. */
export function validate(challenge: Challenge, thumbprint: string, reach: Reach): Promise<void> {
  return validators[challenge.type](challenge, `${challenge.token}.${thumbprint}`, reach);
}
